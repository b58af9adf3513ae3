"""How far runs had come after so many trials, or so many seconds of compute."""

import math
from bisect import bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from archsearch.archive import Status, Trial
from archsearch.findings.standings import rank
from archsearch.run import Run


@dataclass(frozen=True, slots=True)
class Course:
    """Of one run, a value for each of the strategy's trials; references are left out.

    best: the metric of the fittest so far; NaN before the first that did not fail.
    seconds: what the trials up to here took together; a repeated cell took none.
    """

    best: tuple[float, ...]
    seconds: tuple[float, ...]

    @property
    def num_trials(self) -> int:
        return len(self.best)

    @property
    def total_seconds(self) -> float:
        return self.seconds[-1] if self.seconds else 0.0

    def after_trials(self, number: int) -> float:
        """NaN before the first success."""
        return self.best[number - 1] if 0 < number <= self.num_trials else math.nan

    def after_seconds(self, seconds: float) -> float:
        """Of the trials that had ended by then."""
        return self.after_trials(bisect_right(self.seconds, seconds))


def course(run: Run) -> Course:
    best, fitness, metrics = math.nan, -math.inf, []
    for trial in run.proposed:
        if trial.status is Status.OK and trial.fitness > fitness:
            assert trial.metric is not None
            best, fitness = trial.metric, trial.fitness
        metrics.append(best)
    return Course(tuple(metrics), tuple(accumulate(trial.wall_seconds for trial in run.proposed)))


def top_means(run: Run, k: int, after: Sequence[int]) -> list[float]:
    """The mean metric of the k best cells among the strategy's first trials, a value for each
    number of them in `after`, which rises; NaN where there are fewer. Repeated cells count once."""
    means, best = [], list[tuple[float, float]]()  # (−fitness, metric), best first
    done = 0
    for number in after:
        for trial in run.proposed[done:number]:
            if trial.metric is not None and trial.reused_from is None:
                insort(best, (-trial.fitness, trial.metric))
        done = number
        del best[k:]
        means.append(math.fsum(metric for _, metric in best) / k if len(best) == k else math.nan)
    return means


def top_mean(run: Run, k: int) -> float:
    """The same of the whole run."""
    (mean,) = top_means(run, k, [len(run.proposed)])
    return mean


class Curve(NamedTuple):
    """A learning curve; reference: the name of the cell, None of one that was found."""

    label: str
    reference: str | None
    points: Sequence[tuple[int, float]]  # epoch and metric, where it is finite


def learning_curves(trials: Iterable[Trial], count: int = 5) -> list[Curve]:
    """Of the best different cells and of the references; none where a training has one epoch."""
    curves: dict[str, Curve] = {}
    found = 0
    for trial, place in rank(trials):
        if (reference := trial.origin.reference) is None:
            if place is None or found == count or trial.candidate.key in curves:
                continue
            found += 1
        epochs = enumerate((epoch.valid_metric for epoch in trial.curve), 1)
        points = [(epoch, metric) for epoch, metric in epochs if math.isfinite(metric)]
        if len(points) > 1:
            label = reference or f"{found}. best cell"
            curves.setdefault(trial.candidate.key, Curve(label, reference, points))
    return [*curves.values()]


def evenly(stop: int, points: int) -> Sequence[int]:
    """At most so many numbers from 1 to `stop`, evenly spread, `stop` among them."""
    step = max(1, math.ceil(stop / points))
    return [*range(stop, 0, -step)][::-1]
