"""Two figures of each trial, to be held against each other; and which of them lie far off.

Only what is far worse than the rest counts as far off; the best cells are what a reader looks for.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from statistics import quantiles
from typing import NamedTuple

from archsearch.archive import Metric, Status, Trial

Pairs = list[tuple[float, float]]
ROOM = 3.0  # times the distance of the quartiles, that a value may lie beyond them
LEAST = 3  # pairs that are worth a chart


class Bounds(NamedTuple):
    """What an axis shows at most."""

    low: float
    high: float

    def has(self, value: float) -> bool:
        return self.low <= value <= self.high


class Scatter(NamedTuple):
    """Pairs that make a chart.

    labels: of x and y. within: how far x and y are shown. is_truth: x is a guess of y.
    """

    name: str
    labels: tuple[str, str]
    pairs: Pairs
    caption: str
    within: tuple[Bounds, Bounds]
    is_truth: bool


def scatters(trials: Sequence[Trial], metric: Metric, run_name: str) -> list[Scatter]:
    """Those that the trials of a strategy give reason for."""
    return [
        *_expected(trials, run_name),
        *_measures(trials, metric, run_name),
        *_hyperparameters(trials, metric, run_name),
    ]


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


def guessed(
    trials: Iterable[Trial], whole: Iterable[Trial], metric: Metric, label: str
) -> list[Scatter]:
    """The `guesses` of the setting with this label."""
    pairs = guesses(trials, whole)
    caption = (
        f"Predictor against truth: {metric.name} of {len(pairs)} trainings that {label} stopped "
        "early, as predicted for the last epoch and as measured where another run did the same "
        "training in full. On the line both are equal."
    )
    return _truth("guesses", metric.name, pairs, caption, lower_is_better=metric.lower_is_better)


def _expected(trials: Iterable[Trial], run_name: str) -> list[Scatter]:
    pairs = estimates(trials)
    caption = (
        f"Predictor against truth in {run_name}: fitness of {len(pairs)} cells as predicted before "
        "their training and as measured. On the line both are equal."
    )
    return _truth("estimates", "fitness", pairs, caption, lower_is_better=False)


def _measures(trials: Iterable[Trial], metric: Metric, run_name: str) -> list[Scatter]:
    """The metric against what else validation measured after the last epoch, in most trials, as
    Schrimpf et al. (2017) hold BLEU against the loss."""
    by_measure: dict[str, Pairs] = defaultdict(list)
    for trial in trials:
        if trial.metric is not None and trial.curve:
            for measure, value in trial.curve[-1].measures.items():
                if math.isfinite(value):
                    by_measure[measure].append((value, trial.metric))
    if not by_measure:
        return []
    measure, pairs = max(by_measure.items(), key=lambda item: len(item[1]))
    caption = (
        f"Two measures of the cells of {run_name}: {metric.name} against {measure} after the last "
        "epoch. Schrimpf et al. (2017) look at BLEU against loss like this."
    )
    labels = f"validation {measure}", metric.name
    return _scatter("measures", labels, pairs, caption, middle, metric.lower_is_better)


def _hyperparameters(trials: Iterable[Trial], metric: Metric, run_name: str) -> list[Scatter]:
    """For each that candidates brought along, with two values at least, the metric over it."""
    tried: dict[str, list[tuple[float, float | None]]] = defaultdict(list)
    for trial in trials:
        if trial.reused_from is None:
            for name, value in trial.candidate.hyperparameters.items():
                tried[name].append((float(value), trial.metric))
    found: list[Scatter] = []
    for name, each in tried.items():
        if len({value for value, _ in each}) > 1:
            pairs = [(value, reached) for value, reached in each if reached is not None]
            caption = (
                f"The {metric.name} that candidates of {run_name} came to with the {name} that "
                f"they brought along; {len(each) - len(pairs)} failed."
            )
            labels = name.replace("_", " "), metric.name
            found += _scatter(name, labels, pairs, caption, whole, metric.lower_is_better)
    return found


def _truth(
    name: str, figure: str, pairs: Pairs, caption: str, *, lower_is_better: bool | None
) -> list[Scatter]:
    labels = f"predicted {figure}", f"measured {figure}"
    found = _scatter(name, labels, pairs, caption, middle, lower_is_better)
    return [each._replace(is_truth=True) for each in found]


def _scatter(
    name: str,
    labels: tuple[str, str],
    pairs: Pairs,
    caption: str,
    of_xs: Callable[[Sequence[float]], Bounds],
    lower_is_better: bool | None,
) -> list[Scatter]:
    """One, or none where the pairs are too few."""
    if len(pairs) < LEAST:
        return []
    xs, ys = zip(*pairs, strict=True)
    within = of_xs(xs), without_bad(ys, lower_is_better=lower_is_better)
    return [Scatter(name, labels, pairs, caption, within, is_truth=False)]


def whole(values: Sequence[float]) -> Bounds:
    return Bounds(min(values), max(values))


def middle(values: Sequence[float]) -> Bounds:
    """Without what lies far from the middle half, on either side."""
    first, _, third = quantiles(values, n=4, method="inclusive")
    room = ROOM * (third - first)
    return Bounds(first - room, third + room)


def without_bad(metrics: Sequence[float], *, lower_is_better: bool | None) -> Bounds:
    """Without what is far worse than the middle half; nothing is too good to be shown."""
    low, high = middle(metrics)
    if lower_is_better is None:
        return whole(metrics)
    return Bounds(min(metrics), high) if lower_is_better else Bounds(low, max(metrics))


def near(
    values: list[float], others: Sequence[float], *, lower_is_better: bool | None
) -> Bounds | None:
    """Of nine tenths of the values, the better ones, and of the others that do not lie far off; of
    all values where nobody noted which are better, and of the others alone where there are none."""
    if not values:
        return whole(others) if others else None
    if lower_is_better is not None:
        ordered = sorted(values, reverse=not lower_is_better)
        values = ordered[: math.ceil(0.9 * len(ordered))]
    low, high = whole(values)
    room = max(4 * (high - low), abs(high) * 0.1)
    return whole([*values, *(each for each in others if low - room <= each <= high + room)])
