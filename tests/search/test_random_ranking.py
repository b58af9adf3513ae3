import math
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from toy_landscape import DSL_CORE, GP_TREE, drive
from toy_predictor import ToyPredictor
from toy_search import toy_run

from archsearch.archive import Archive, Candidate, Origin, Status, Trial
from archsearch.cell import Cell, zoo
from archsearch.predictor.seam import FloatArray
from archsearch.search import RandomRanking
from archsearch.search.earlier_runs import known_pairs
from archsearch.space import CellSpace, DSLSpace


class Oracle(ToyPredictor):
    """Knows the truth, and notes what it was asked."""

    def __init__(self) -> None:
        self.learnt: list[tuple[int, int]] = []  # pairs, and failures among them, of each fit
        self.num_judged: list[int] = []

    def fit(self, cells: Sequence[Cell], fitness: Sequence[float], seed: int) -> None:
        super().fit(cells, fitness, seed)
        self.learnt.append((len(cells), sum(f == -math.inf for f in fitness)))

    def predict(self, cells: Sequence[Cell]) -> FloatArray:
        self.num_judged.append(len(cells))
        return np.array([height(cell) for cell in cells])


def height(cell: Cell) -> float:
    return float(cell.height)


def make(
    space: CellSpace = DSL_CORE, min_plain_trials: int = 10**6, **changes: int
) -> tuple[RandomRanking, Oracle]:
    oracle = Oracle()
    sizes = {"num_candidates": 300, "num_best": 6, "num_weighted": 2, **changes}
    strategy = RandomRanking(
        space, random.Random(1), oracle, min_plain_trials=min_plain_trials, **sizes
    )
    return strategy, oracle


def steps(trials: Sequence[Trial], size: int = 8) -> list[list[Trial]]:
    by_number = sorted(trials, key=lambda trial: trial.candidate.number)
    return [by_number[i : i + size] for i in range(0, len(by_number), size)]


def test_each_step_trains_the_best_and_some_others_of_many() -> None:
    strategy, oracle = make()
    first, *later = steps(drive(strategy, height, 32))
    assert {trial.candidate.origin.operation for trial in first} == {"random"}
    for number, step in enumerate(later, start=1):
        operations = [trial.candidate.origin.operation for trial in step]
        assert operations == ["best ranked"] * 6 + ["weighted draw"] * 2
        estimates = [trial.candidate.origin.details["estimate"] for trial in step]
        assert estimates[:6] == sorted(estimates[:6], reverse=True)
        assert min(estimates[:6]) >= max(estimates[6:])
        assert all(trial.candidate.origin.details["step"] == number for trial in step)
    assert len(oracle.num_judged) == 3
    assert 250 < min(oracle.num_judged) <= max(oracle.num_judged) <= 300
    assert max(trial.fitness for trial in first) <= min(trial.fitness for trial in later[0][:6])


def test_learns_anew_from_all_pairs_failures_among_them() -> None:
    strategy, oracle = make()
    drive(strategy, lambda cell: None if cell.height % 2 else height(cell), 32)
    assert [num_pairs for num_pairs, _ in oracle.learnt] == [8, 16, 24]
    assert 0 < oracle.learnt[0][1] <= oracle.learnt[1][1] <= oracle.learnt[2][1]


def test_waits_for_the_whole_step() -> None:
    strategy, oracle = make()
    trials = drive(strategy, height, 8)
    fresh, oracle = make()
    proposals = [fresh.ask(number) for number in range(8)]
    assert all(proposals)
    assert fresh.ask(8) is None
    for trial in reversed(trials[1:]):
        fresh.tell(trial)
        assert fresh.ask(8) is None
    assert oracle.learnt == []
    fresh.tell(trials[0])
    assert fresh.ask(8) is not None
    assert oracle.learnt == [(8, 0)]


def test_known_pairs_direct_the_first_step() -> None:
    strategy, oracle = make()
    strategy.learn([(zoo["lstm"], -1.0), (zoo["gru"], -1.2)])
    trials = drive(strategy, height, 8)
    assert oracle.learnt == [(2, 0)]
    assert Counter(trial.candidate.origin.operation for trial in trials) == {
        "best ranked": 6,
        "weighted draw": 2,
    }


def test_a_memory_comes_after_enough_cells_without_one() -> None:
    strategy, _ = make(min_plain_trials=12)
    early, late = [], []
    for step in steps(drive(strategy, height, 48)):
        (early if step[0].candidate.number < 16 else late).extend(
            trial.candidate.architecture for trial in step
        )
    assert all(not cell.memories for cell in early)
    assert any(cell.memories for cell in late)


def test_failed_trials_do_not_bring_the_memory_nearer() -> None:
    strategy, _ = make(min_plain_trials=12)
    trials = drive(strategy, lambda cell: None if cell.height > 2 else height(cell), 48)
    num_plain = sum(trial.fitness > -math.inf for trial in trials)
    assert num_plain < 12
    assert not any(trial.candidate.architecture.memories for trial in trials)


def test_every_place_of_the_memory_is_a_candidate() -> None:
    strategy, _ = make(min_plain_trials=0, num_candidates=40, num_best=35, num_weighted=0)
    strategy.learn([(zoo["lstm"], -1.0), (zoo["gru"], -1.2)])
    genomes = [trial.candidate.genome for trial in drive(strategy, height, 35)]
    siblings = Counter(tuple(genome["h"]) for genome in genomes)
    assert max(siblings.values()) > 2


def test_a_space_that_cannot_leave_the_memory_out_is_sampled_as_it_is() -> None:
    strategy, _ = make(GP_TREE)
    assert any(t.candidate.architecture.memories for t in drive(strategy, height, 16))


def test_a_replay_takes_past_steps_from_the_archive() -> None:
    whole = drive(make()[0], height, 40, order=random.Random(2))
    for num_told in (16, 29, 39):
        resumed, oracle = make()
        again = drive(resumed, height, 40, told=tuple(whole[:num_told]))
        assert again[:num_told] == whole[:num_told]
        assert steps(again) == steps(whole)
        # Only the steps that were asked for again were ranked again.
        assert len(oracle.learnt) == 5 - num_told // 8


def test_an_ask_between_recalls_gives_what_it_gave() -> None:
    """A killed run may have archived later candidates of a step and not an earlier one."""
    original, _ = make()
    proposals = [original.ask(number) for number in range(8)]
    resumed, _ = make()
    for number, proposal in enumerate(proposals):
        assert proposal is not None
        if number in (2, 3, 6):
            assert resumed.ask(number) == proposal
        else:
            candidate = Candidate(number, proposal.architecture, proposal.genome, proposal.origin)
            assert resumed.recall(candidate) == proposal
    assert resumed.ask(8) is None


def test_planted_genomes_have_places_in_the_step() -> None:
    for count in (3, 10):
        strategy, _ = make()
        rng = random.Random(6)
        genomes = [DSL_CORE.sample(rng) for _ in range(count)]
        strategy.plant(genomes)
        trials = drive(strategy, height, 24)
        origins = [trial.candidate.origin.operation for trial in trials]
        assert origins[:count] == ["warm start"] * count
        assert len({trial.candidate.key for trial in trials}) == 24
        told = tuple(trials[: count + 2])
        resumed, _ = make()
        resumed.plant(genomes)
        assert drive(resumed, height, 24, told=told) == trials


def test_a_small_space_is_repeated_in_the_end() -> None:
    tiny = DSLSpace(["Tanh", "Add"], ["x_t", "h_tm1"], max_height=2)
    trials = drive(make(tiny)[0], height, 32)
    assert len(trials) == 32
    assert 1 < len({trial.candidate.key for trial in trials}) < 20


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_best": 0, "num_weighted": 0}, "num_best . num_weighted: expected an integer 1 or"),
        ({"num_candidates": 7}, "num_candidates: expected an integer 8 or more, got 7"),
        ({"min_plain_trials": -1}, "min_plain_trials: expected an integer 0 or more, got -1"),
    ],
)
def test_parameters_out_of_range(changes: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(**changes)


def test_earlier_runs_give_known_pairs_that_a_resumed_run_keeps(tmp_path: Path) -> None:
    def append(run: str, number: int, cell: Cell, fitness: float | None) -> None:
        candidate = Candidate(number, cell, None, Origin("random"))
        trial = (
            Trial.failed(candidate, Status.DIVERGED, 0, "toy", 0.0)
            if fitness is None
            else Trial(candidate, Status.OK, 0, (), -fitness, fitness, 1, 0.0)
        )
        with Archive.open(f"sqlite:///{tmp_path / run}/archive.sqlite", toy_run()) as archive:
            archive.append(trial)

    runs = [str(tmp_path / run) for run in ("first", "second")]
    for run in runs:
        Path(run).mkdir()
    append("first", 0, zoo["lstm"], -1.0)
    append("first", 1, zoo["gru"], -0.9)
    append("first", 2, zoo["rnn"], None)
    append("second", 0, zoo["lstm"], -2.0)
    append("second", 1, zoo["mgu"], -1.5)
    expected = [(zoo["gru"], -0.9), (zoo["lstm"], -1.0), (zoo["mgu"], -1.5)]
    assert known_pairs(runs, tmp_path / "known_pairs.json") == expected
    append("second", 2, zoo["bc3"], -0.5)
    assert known_pairs(runs, tmp_path / "known_pairs.json") == expected
    assert len(known_pairs(runs, tmp_path / "fresh.json")) == 4
