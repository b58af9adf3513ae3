"""Trials as a search would tell them, without a search."""

import copy
import math
from collections.abc import Callable

import pytest

from archsearch.archive import Candidate, Epoch, Origin, RunInfo, Status, Trial
from archsearch.cell import Cell, zoo

CONFIG = {"task": {"name": "xml"}, "search": {"_target_": "archsearch.search.RandomSearch"}}
RUN = RunInfo("xml-smoke-random-seed1-0123abcd", "0123abcd", CONFIG, "v0")
REFERENCES = ("rnn", "lstm", "gru")


class Trials:
    """Makes trials; the numbers of candidates go up by themselves, references first."""

    def __init__(self) -> None:
        self._number = 0

    def references(self, *metrics: float) -> list[Trial]:
        return [
            self.ok(metric, Origin.of_reference(name), zoo[name])
            for name, metric in zip(REFERENCES, metrics, strict=True)
        ]

    def ok(self, metric: float, origin: Origin | None = None, cell: Cell = zoo["mgu"]) -> Trial:
        curve = (Epoch(5.0, 2 * metric, 0.4), Epoch(math.nan, metric, 0.9))
        candidate = self._candidate(origin or Origin("random"), cell)
        return Trial(candidate, Status.OK, 7, curve, metric, -math.log(metric), 12_345, 1.5)

    def failed(self, status: Status, cause: str = "NaN in epoch 2") -> Trial:
        candidate = self._candidate(Origin("crossover", (3, 4)), zoo["mut1"])
        return Trial.failed(candidate, status, 7, cause, 61.0, num_params=999)

    def reused(self, trial: Trial) -> Trial:
        origin = Origin("mutation", (trial.candidate.number,))
        return trial.reuse(self._candidate(origin, trial.candidate.architecture))

    def _candidate(self, origin: Origin, cell: Cell) -> Candidate:
        self._number += 1
        return Candidate(self._number - 1, cell, None, origin)


@pytest.fixture
def trials() -> Trials:
    return Trials()


@pytest.fixture
def run_info() -> RunInfo:
    return copy.deepcopy(RUN)


@pytest.fixture
def some_trials(trials: Trials) -> list[Trial]:
    """Three references and six more: 150.0 is the best, one repeats it, two failed."""
    best_last = [
        *trials.references(251.3, 190.1, 196.44),
        trials.ok(212.32, cell=zoo["mut2"]),
        trials.failed(Status.DIVERGED),
        trials.ok(193.0, Origin("crossover", (3, 4)), zoo["mut3"]),
        trials.ok(150.0, Origin("mutation", (3,)), zoo["nascell"]),
    ]
    return [*best_last, trials.reused(best_last[-1]), trials.failed(Status.OUT_OF_MEMORY)]


@pytest.fixture
def tell(run_info: RunInfo) -> Callable[..., None]:
    """Starts a callback and tells it trials, of which the first `replayed` are old ones."""

    def tell(callback, told, *, replayed=0, total=6):
        callback.on_start(run_info, total)
        for i, trial in enumerate(told):
            figures = {"generation": i // 4, "active_species": 1 + i // 3, "best_fitness": -5.25}
            hear = callback.on_replay if i < replayed else callback.on_trial
            hear(trial, figures)

    return tell
