"""Learning curves of earlier runs, as fitness, from their archives."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from archsearch.archive import Archive, Status, Trial

# How tasks derive fitness from their metric, tried in this order.
TRANSFORMATIONS: dict[str, Callable[[float], float]] = {
    "−ln(metric)": lambda metric: -math.log(metric) if metric > 0 else math.nan,
    "metric": lambda metric: metric,
    "−metric": lambda metric: -metric,
}


@dataclass(frozen=True, slots=True)
class TrialCurve:
    """The fitness after each epoch; one that ends early is of a training that failed.

    key: of the candidate; equal for trainings of the same.
    """

    fitness: tuple[float, ...]
    key: str


def read_trial_curves(run: Path, num_seen: int, num_epochs: int) -> list[TrialCurve]:
    """The curves of trials that were trained for `num_epochs`, or diverged after `num_seen`.

    Of others there is nothing to learn: they were not trained (invalid, known from an earlier
    candidate), diverged before a guess, were cut short from outside (time, memory, a crash), or
    stopped and guessed by a predictor.

    Raises:
        ArchiveError: the run has no archive that can be read.
        ValueError: no such trial.
    """
    with Archive.read(run) as archive:
        trials = archive.trials()
    fitness_of = _transformation(run, trials)
    trained = [trial for trial in trials if _is_trained(trial)]
    longest = max((len(t.curve) for t in trained if t.status is Status.OK), default=0)
    if longest < num_epochs:
        raise ValueError(
            f"{run}: expected trials of {num_epochs} epochs or more, got {longest} at most; give "
            "runs with longer trials, such as of budget=paper, or guess their last epoch: "
            f"predictor.num_seen={max(1, longest // 4)} predictor.num_epochs={max(2, longest)}"
        )
    return [
        TrialCurve(
            tuple(fitness_of(epoch.valid_metric) for epoch in trial.curve), trial.candidate.key
        )
        for trial in trained
        if len(trial.curve) >= (num_seen if trial.status is Status.DIVERGED else num_epochs)
    ]


def _is_trained(trial: Trial) -> bool:
    return (
        trial.status in (Status.OK, Status.DIVERGED)
        and trial.reused_from is None
        and "predicted" not in trial.details
    )


def _transformation(run: Path, trials: Sequence[Trial]) -> Callable[[float], float]:
    """What turns metrics into fitness: curves are archived as metrics, results as both."""
    pairs = [(t.metric, t.fitness) for t in trials if t.metric is not None]
    for transform in TRANSFORMATIONS.values():
        if all(math.isclose(transform(metric), fitness) for metric, fitness in pairs):
            return transform
    raise ValueError(
        f"{run}: expected trials whose fitness is {' or '.join(TRANSFORMATIONS)}, "
        f"got others, such as metric {pairs[0][0]} with fitness {pairs[0][1]}"
    )
