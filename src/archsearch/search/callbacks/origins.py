"""What each way to make a candidate brought."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from archsearch.archive import Trial


class Brought(NamedTuple):
    """By one operation, such as crossover. The metrics are None where all trials failed."""

    operation: str
    num_trials: int
    num_failed: int
    median: float | None
    best: float | None


def by_origin(trials: Iterable[Trial]) -> list[Brought]:
    """In the order in which the operations first came up."""
    made: dict[str, list[Trial]] = defaultdict(list)
    for trial in trials:
        made[trial.candidate.origin.operation.replace("_", " ")].append(trial)
    return [_brought(operation, of_it) for operation, of_it in made.items()]


def _brought(operation: str, trials: list[Trial]) -> Brought:
    ok = [trial for trial in trials if trial.metric is not None]
    metrics = [trial.metric for trial in sorted(ok, key=lambda trial: -trial.fitness)]
    median, best = (metrics[len(metrics) // 2], metrics[0]) if metrics else (None, None)
    return Brought(operation, len(trials), len(trials) - len(ok), median, best)
