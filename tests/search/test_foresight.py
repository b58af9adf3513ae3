"""Trials in the words of a strategy."""

import random

import pytest
from toy_landscape import DSL_CORE, GP_TREE, GRAPH
from toy_predictor import ToyPredictor

from archsearch.search import GPNEAT, RandomRanking, RandomSearch, Strategy
from archsearch.search.exploration import Exploration, OneOf
from archsearch.search.protocol import foresight
from archsearch.search.regularized_evolution import RegularizedEvolution
from archsearch.search.screening import Screened


def gp_neat(population_size: int) -> GPNEAT:
    return GPNEAT(GP_TREE, random.Random(1), population_size=population_size)


@pytest.mark.parametrize(
    ("strategy", "trials", "expected"),
    [
        (gp_neat(10), 40, ["40 trials are 4 generations of 10"]),
        (gp_neat(40), 40, ["40 trials are 1 generation of 40"]),
        (
            gp_neat(100),
            40,
            [
                "40 trials are 0.4 generations of 100: the search never gets beyond its first "
                "generation, and all trials are start trees"
            ],
        ),
        (RandomSearch(GP_TREE, random.Random(1)), 40, []),
        (
            Screened(gp_neat(100), ToyPredictor(), random.Random(1), min_trials=16),
            3000,
            [
                "3000 trials are 30 generations of 100",
                "what the predictor learns from first takes the first 16 of 3000 trials",
            ],
        ),
        (
            RandomRanking(DSL_CORE, random.Random(1), ToyPredictor()),
            100,
            [
                "100 trials are 3.1 steps of 32",
                "the stage of cells without c_t takes 750 or more trials, and there are 100: "
                "no cell with a memory is proposed",
            ],
        ),
        (
            Exploration(GRAPH, random.Random(1), priors={"num_layers": OneOf([1, 2])}),
            40,
            [
                "the first training of the start cells takes 40 trials, and there are 40: all "
                "trials are those cells, and nothing is mutated",
                "40 trials are 2 steps of 20",
            ],
        ),
    ],
)
def test_trials_in_the_words_of_a_strategy(
    strategy: Strategy, trials: int, expected: list[str]
) -> None:
    assert foresight(strategy, trials, window=8) == expected


def test_a_run_that_ends_before_its_first_feedback_says_so() -> None:
    evolution = RegularizedEvolution(GP_TREE, random.Random(1), population_size=4)
    (population, blind) = foresight(evolution, 8, window=8)
    assert blind.startswith("trials=8 and window=8: all candidates are proposed before the first")
    assert foresight(evolution, 8, window=1) == [population]
    assert foresight(RandomSearch(GP_TREE, random.Random(1)), 8, window=8) == []
