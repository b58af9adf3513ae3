"""Learning curves of earlier runs, as fitness, from their archives."""

import math
from dataclasses import dataclass
from pathlib import Path

from archsearch.archive import Archive, Epoch, FitnessRule, Status, Trial


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
        ValueError: no such trial, or an earlier revision did not note how fitness follows from the
            metric of the curves.
    """
    with Archive.read(run) as archive:
        trials, beginning = archive.trials(), archive.run.beginning
    rule = beginning.curve_metric.rule if beginning and beginning.curve_metric else None
    if rule is None:
        raise ValueError(
            f"{run}: expected a run that notes how fitness follows from its metric, got one that "
            "an earlier revision began; begin such a run again, and give its directory"
        )
    trained = [trial for trial in trials if _is_trained(trial)]
    longest = max((len(t.curve) for t in trained if t.status is Status.OK), default=0)
    if longest < num_epochs:
        raise ValueError(
            f"{run}: expected trials of {num_epochs} epochs or more, got {longest} at most; give "
            "runs with longer trials, such as of budget=paper, or guess their last epoch: "
            f"predictor.num_seen={max(1, longest // 4)} predictor.num_epochs={max(2, longest)}"
        )
    return [
        TrialCurve(tuple(_fitness(rule, epoch) for epoch in trial.curve), trial.candidate.key)
        for trial in trained
        if len(trial.curve) >= (num_seen if trial.status is Status.DIVERGED else num_epochs)
    ]


def _is_trained(trial: Trial) -> bool:
    return (
        trial.status in (Status.OK, Status.DIVERGED)
        and trial.reused_from is None
        and trial.guess is None
    )


def _fitness(rule: FitnessRule, epoch: Epoch) -> float:
    """NaN where a training diverged to a metric that has none."""
    is_none = rule is FitnessRule.LOGARITHM and not epoch.valid_metric > 0
    return math.nan if is_none else rule.fitness(epoch.valid_metric)
