"""DSL's ranking function: what it learns, from how little, and that a seed gives one answer."""

import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from archsearch.cell import Cell, parse, zoo
from archsearch.predictor.nas_bench_nlp import read_cells
from archsearch.predictor.ranking import FitnessScale, RankingPredictor
from archsearch.space import GPTreeSpace

SPACE = GPTreeSpace()


def small_predictor(network_share: float = 0.25) -> RankingPredictor:
    return RankingPredictor(width=8, max_updates=40, num_trees=20, network_share=network_share)


def random_cells(number: int, seed: int) -> list[Cell]:
    rng = random.Random(seed)
    return [SPACE.decode(SPACE.sample(rng)) for _ in range(number)]


def num_tanh(cell: Cell) -> float:
    return float(sum(node.op == "Tanh" for node in cell.nodes))


@pytest.mark.parametrize("network_share", [0.0, 0.25, 1.0])
def test_learns_what_makes_cells_good(network_share: float) -> None:
    cells = random_cells(120, seed=1)
    fitness = [num_tanh(cell) for cell in cells]
    predictor = small_predictor(network_share)
    predictor.fit(cells[:90], fitness[:90], seed=0)
    assert spearmanr(predictor.predict(cells[90:]), fitness[90:]).statistic > 0.5


def test_failed_trainings_are_examples_of_bad_cells() -> None:
    cells = random_cells(80, seed=2)
    fitness = [-np.inf if num_tanh(cell) > 2 else -4.0 for cell in cells]
    predictor = small_predictor()
    predictor.fit(cells[:60], fitness[:60], seed=0)
    guesses = predictor.predict(cells[60:])
    failed = np.isinf(fitness[60:])
    assert np.isfinite(guesses).all()
    assert guesses[failed].mean() < guesses[~failed].mean()


@pytest.mark.parametrize("fitness", [[-1.0, -2.0], [-np.inf, -5.0, np.nan], [-3.0, -3.0, -3.0]])
def test_a_few_pairs_suffice(fitness: list[float]) -> None:
    known = [zoo["rnn"], zoo["gru"], zoo["lstm"]][: len(fitness)]
    predictor = small_predictor()
    predictor.fit(known, fitness, seed=0)
    assert np.isfinite(predictor.predict([zoo[name] for name in zoo])).all()


def test_equal_fitness_is_guessed_for_all() -> None:
    predictor = small_predictor()
    predictor.fit([zoo["rnn"], zoo["gru"]], [-3.0, -3.0], seed=0)
    assert predictor.predict([zoo["lstm"]]) == pytest.approx([-3.0])


def test_every_operator_and_many_memories_are_accepted() -> None:
    odd = parse(
        "a = LayerNorm(Div(x_t, Sub(h_tm1, x_tm1))); b = Max(SeLU(a), PosEnc(Cos(a)));"
        "c_t = Gate3(Sin(d_tm1), b, c_tm1); d_t = Blend(c_tm1, e_tm1, ReLU(b));"
        "e_t = Identity(OneMinus(LeakyReLU(f_tm1))); f_t = Mult(h_tm1, f_tm1);"
        "h_t = Add(c_t, Sigmoid(Linear(d_t, e_tm1, bias=1)))"
    )
    predictor = small_predictor()
    predictor.fit([odd, zoo["nascell"], zoo["bc3"]], [-5.0, -4.0, -4.5], seed=0)
    assert np.isfinite(predictor.predict([odd])).all()


def test_what_was_learnt_before_is_forgotten() -> None:
    cells = random_cells(20, seed=3)
    once, twice = small_predictor(), small_predictor()
    twice.fit(cells[10:], [num_tanh(cell) for cell in cells[10:]], seed=5)
    for predictor in (once, twice):
        predictor.fit(cells[:10], [-num_tanh(cell) for cell in cells[:10]], seed=4)
    assert once.predict(cells).tolist() == twice.predict(cells).tolist()


def test_no_cells_no_guesses() -> None:
    predictor = small_predictor()
    predictor.fit([zoo["rnn"], zoo["gru"]], [-3.0, -2.0], seed=0)
    assert predictor.predict([]).shape == (0,)


def guesses_for_the_zoo() -> list[float]:
    """By a network of the usual width, whose gradients several threads may sum in any order."""
    cells = [zoo[name] for name in zoo]
    predictor = RankingPredictor(max_updates=10, num_trees=5)
    predictor.fit(cells, [-float(place) for place in range(len(cells))], seed=7)
    return predictor.predict(cells).tolist()


@pytest.mark.parametrize("num_threads", [1, 2])
def test_a_seed_gives_the_same_guesses_in_a_fresh_process(num_threads: int) -> None:
    program = (
        f"import torch; torch.set_num_threads({num_threads});"
        "from test_ranking import guesses_for_the_zoo; print(guesses_for_the_zoo())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parent,
        env=os.environ | {"PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(guesses_for_the_zoo())


def test_too_few_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match="at least two fitnesses"):
        small_predictor().fit([zoo["rnn"]], [-3.0], seed=0)
    with pytest.raises(ValueError, match="0 of them finite"):
        small_predictor().fit([zoo["rnn"], zoo["gru"]], [-np.inf, -np.inf], seed=0)
    with pytest.raises(ValueError, match="2 cells, but 1 fitnesses"):
        small_predictor().fit([zoo["rnn"], zoo["gru"]], [-3.0], seed=0)
    with pytest.raises(ValueError, match="call fit first"):
        small_predictor().predict([zoo["rnn"]])


def test_numbers_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="network_share: expected a number from 0 to 1, got 2"):
        RankingPredictor(network_share=2.0)


def test_scale_keeps_order_and_gives_known_fitness_back() -> None:
    known = np.array([-5.0, -4.0, -np.inf, -9.0, -4.5])
    scale = FitnessScale.of(known)
    assert scale.scores.argsort().tolist() == [2, 3, 0, 4, 1]
    assert scale.fitness_at(scale.scores).tolist() == [-5.0, -4.0, -10.0, -9.0, -4.5]
    beyond = scale.fitness_at(np.array([-9.0, -3.0, 3.0, 9.0]))
    assert (np.diff(beyond) > 0).all()


@pytest.mark.slow
@pytest.mark.skipif("ARCHSEARCH_DATA" not in os.environ, reason="needs ARCHSEARCH_DATA")
@pytest.mark.parametrize(("num_pairs", "least"), [(100, 0.6), (400, 0.7), (2200, 0.8)])
def test_orders_cells_of_nas_bench_nlp(num_pairs: int, least: float) -> None:
    path = Path(os.environ["ARCHSEARCH_DATA"]) / "nas_bench_nlp" / "ptb_perplexity.jsonl.gz"
    rows = read_cells(path)
    random.Random(0).shuffle(rows)
    known, unknown = rows[:num_pairs], rows[num_pairs:]
    predictor = RankingPredictor()
    predictor.fit([row.cell for row in known], [row.fitness for row in known], seed=0)
    guesses = predictor.predict([row.cell for row in unknown])
    assert spearmanr(guesses, [row.fitness for row in unknown]).statistic >= least
