import functools
import random
from pathlib import Path
from typing import Any

import pytest
from toy_landscape import GP_TREE, GRAPH
from toy_predictor import ToyPredictor
from toy_search import toy_run

from archsearch.archive import Archive, Candidate, Origin, Status, Trial
from archsearch.cell import zoo
from archsearch.search import RandomRanking, RandomSearch, Strategy
from archsearch.search.equipment import Equipment, equipped
from archsearch.search.gp_neat import GPNEAT
from archsearch.search.listed import Listed
from archsearch.search.screening import Screened

PREDICTOR = ToyPredictor()
RUNS = ("outputs/a",)


class Slow(Listed):
    """What cannot be taken is refused before a strategy is made."""

    def __init__(self, **_: Any) -> None:
        raise AssertionError("was made")


@pytest.mark.parametrize(
    ("kind", "equipment", "message"),
    [
        (Slow, Equipment(seeds_from=RUNS), "warm_start.runs: Slow cannot begin from other cells"),
        (Slow, Equipment(PREDICTOR), "predictor: Slow leaves a predictor nothing to choose from"),
        (RandomRanking, Equipment(), "predictor: RandomRanking needs one that reads cells"),
        (RandomSearch, Equipment(pairs_from=RUNS), "warm_start.pairs_from: there is no predictor"),
        (dict, Equipment(), "search._target_: expected a class of strategies, got <class 'dict'>"),
    ],
)
def test_what_a_strategy_cannot_take_is_refused_in_one_line(
    kind: type[Strategy], equipment: Equipment, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=message) as refusal:
        equipped(functools.partial(kind), GP_TREE, 1, equipment, tmp_path)
    assert len(str(refusal.value).splitlines()) == 1


def test_a_strategy_says_which_spaces_it_searches(tmp_path: Path) -> None:
    expected = r"expected a GPTreeSpace \(cell_space=gp_tree\), got GraphSpace"
    with pytest.raises(ValueError, match=expected):
        equipped(functools.partial(GPNEAT), GRAPH, 1, Equipment(), tmp_path)


def test_a_predictor_goes_inside_or_in_front_and_knows_the_pairs(tmp_path: Path) -> None:
    run = tmp_path / "earlier"
    run.mkdir()
    rng = random.Random(3)
    with Archive.open(f"sqlite:///{run}/archive.sqlite", toy_run()) as archive:
        for number in range(20):
            cell = GP_TREE.decode(GP_TREE.sample(rng))
            candidate = Candidate(number, cell, None, Origin("random"))
            archive.append(Trial(candidate, Status.OK, 0, (), number, -number, 1, 0.0))
    for kind, result in ((RandomRanking, RandomRanking), (RandomSearch, Screened)):
        predictor = ToyPredictor()
        equipment = Equipment(predictor, pairs_from=(str(run),))
        make = functools.partial(kind, **({"num_candidates": 60} if result is kind else {}))
        strategy = equipped(make, GP_TREE, 1, equipment, tmp_path)
        assert isinstance(strategy, result)
        strategy.ask(0)
        assert predictor.num_pairs >= 16


def test_seeds_are_planted(tmp_path: Path) -> None:
    with Archive.open(f"sqlite:///{tmp_path}/archive.sqlite", toy_run()) as archive:
        candidate = Candidate(0, zoo["lstm"], None, Origin("random"))
        archive.append(Trial(candidate, Status.OK, 0, (), 1.0, -1.0, 1, 0.0))
    equipment = Equipment(seeds_from=(str(tmp_path),))
    strategy = equipped(functools.partial(RandomSearch), GRAPH, 1, equipment, tmp_path)
    first = strategy.ask(0)
    assert first is not None
    assert first.architecture == zoo["lstm"].with_folded_linears()
