"""Two figures of each trial, to be held against each other; and which of them lie far off.

Only what is far worse than the rest counts as far off; the best cells are what a reader looks for.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import quantiles
from typing import NamedTuple

from archsearch.archive import Status, Trial

Pairs = list[tuple[float, float]]
ROOM = 3.0  # times the distance of the quartiles, that a value may lie beyond them


def estimates(trials: Iterable[Trial]) -> Pairs:
    """The fitness that a predictor of cells expected, and the one that was measured."""
    return [
        (trial.origin.estimate, trial.fitness)
        for trial in trials
        if trial.origin.estimate is not None and trial.status is Status.OK
    ]


def guesses(trials: Iterable[Trial], whole: Iterable[Trial]) -> Pairs:
    """The metric that a predictor of curves gave to a training that stopped early, and the one
    that the same training came to where it was done in full: same candidate, same seed.

    whole: trials in which it may have been.
    """
    measured = {
        (trial.candidate.key, trial.seed): trial.metric
        for trial in whole
        if trial.metric is not None and trial.guess is None
    }
    return [
        (trial.metric, measured[key])
        for trial in trials
        if trial.metric is not None
        and trial.guess
        and (key := (trial.candidate.key, trial.seed)) in measured
    ]


class Tried(NamedTuple):
    """A value of a hyperparameter, by the number of the trial that had it; no metric: it failed."""

    number: int
    value: float
    metric: float | None


def hyperparameters(trials: Iterable[Trial]) -> Mapping[str, Sequence[Tried]]:
    """What candidates brought along, by name; those that had two values at least."""
    tried: dict[str, list[Tried]] = defaultdict(list)
    for trial in trials:
        if trial.reused_from is None:
            for name, value in trial.candidate.hyperparameters.items():
                tried[name].append(Tried(trial.candidate.number, float(value), trial.metric))
    return {name: each for name, each in tried.items() if len({one.value for one in each}) > 1}


def measures(trials: Iterable[Trial]) -> tuple[str, Pairs] | None:
    """What else validation measured after the last epoch, such as the loss beside BLEU: its name
    and its values with the metric, the fittest trial first. The measure that most trials have; None
    where there is none."""
    pairs: dict[str, Pairs] = defaultdict(list)
    for trial in sorted(trials, key=lambda trial: -trial.fitness):
        if trial.metric is not None and trial.curve:
            for measure, value in trial.curve[-1].measures.items():
                if math.isfinite(value):
                    pairs[measure].append((value, trial.metric))
    return max(pairs.items(), key=lambda item: len(item[1]), default=None)


class Bounds(NamedTuple):
    """What an axis shows at most."""

    low: float
    high: float

    def has(self, value: float) -> bool:
        return self.low <= value <= self.high


def middle(values: Sequence[float]) -> Bounds:
    """Without what lies far from the middle half, on either side."""
    first, _, third = quantiles(values, n=4, method="inclusive")
    room = ROOM * (third - first)
    return Bounds(first - room, third + room)


def without_bad(metrics: Sequence[float], *, lower_is_better: bool | None) -> Bounds:
    """Without what is far worse than the middle half; nothing is too good to be shown."""
    low, high = middle(metrics)
    if lower_is_better is None:
        return Bounds(min(metrics), max(metrics))
    return Bounds(min(metrics), high) if lower_is_better else Bounds(low, max(metrics))


def with_all(bounds: Bounds, values: Sequence[float]) -> Bounds:
    """Wide enough for these values too."""
    return Bounds(min(bounds.low, *values), max(bounds.high, *values))
