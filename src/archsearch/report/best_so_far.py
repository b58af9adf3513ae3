"""How far runs had come after so many trials, or so many seconds of compute."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from archsearch.archive import Status
from archsearch.report.run_record import RunRecord


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


def course(run: RunRecord) -> Course:
    best, fitness, metrics = math.nan, -math.inf, []
    for trial in run.proposed:
        if trial.status is Status.OK and trial.fitness > fitness:
            assert trial.metric is not None
            best, fitness = trial.metric, trial.fitness
        metrics.append(best)
    return Course(tuple(metrics), tuple(accumulate(trial.wall_seconds for trial in run.proposed)))


def top_mean(run: RunRecord, k: int, num_trials: int | None = None) -> float:
    """The mean metric of the k best different cells among the strategy's first trials; NaN where
    there are fewer."""
    found: dict[str, tuple[float, float]] = {}
    for trial in run.proposed[:num_trials]:
        if trial.metric is not None:
            key = trial.candidate.key
            found[key] = max(found.get(key, (-math.inf, 0.0)), (trial.fitness, trial.metric))
    best = sorted(found.values(), reverse=True)[:k]
    return sum(metric for _, metric in best) / k if len(best) == k else math.nan


def evenly(stop: int, points: int) -> Sequence[int]:
    """At most so many numbers from 1 to `stop`, evenly spread, `stop` among them."""
    step = max(1, math.ceil(stop / points))
    return [*range(stop, 0, -step)][::-1]
