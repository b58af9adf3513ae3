"""Trials in the order of their fitness, reference cells in their places among them."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from archsearch.archive import Status, Trial
from archsearch.search.callbacks.wording import (
    hyperparameters_text,
    origin_text,
    reference_name,
)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A trial and its place among the trials of the strategy; references and failures have none."""

    trial: Trial
    place: int | None

    @property
    def label(self) -> str:
        """The place, the reference's name, or nothing for a failure."""
        return str(self.place or reference_name(self.trial.candidate) or "")


def rank(trials: Iterable[Trial]) -> list[Ranked]:
    """The fittest first; equal ones, the failures at the end among them, by their numbers.

    Trials that only repeat the result of an earlier one with the same cell are left out.
    """
    evaluated = (trial for trial in trials if trial.reused_from is None)
    place = 0
    ranked = []
    for trial in sorted(evaluated, key=lambda trial: (-trial.fitness, trial.candidate.number)):
        is_placed = trial.status is Status.OK and not trial.candidate.is_reference
        place += is_placed
        ranked.append(Ranked(trial, place if is_placed else None))
    return ranked


def shown(ranked: Iterable[Ranked], rows: int) -> Iterator[Ranked | int]:
    """The first `rows` of the strategy's trials and all references; a number says how many are
    left out at its place."""
    left_out: list[Ranked] = []
    for entry in ranked:
        if entry.place is not None and entry.place > rows:
            left_out.append(entry)
        elif entry.label:
            yield from _gap(left_out)
            left_out = []
            yield entry
    yield from _gap(left_out)


def _gap(left_out: list[Ranked]) -> Iterator[Ranked | int]:
    # A single one takes no more room than the line that says it is missing.
    yield from left_out if len(left_out) < 2 else [len(left_out)]


def to_csv(ranked: Iterable[Ranked], metric_name: str) -> str:
    """A line a trial under a header; figures in full, and empty where a trial has none."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ("rank", "trial", "origin", "status", metric_name, "fitness", "num_params",
         "wall_seconds", "key", "cell", "hyperparameters", "cause")
    )  # fmt: skip
    for entry in ranked:
        trial, candidate = entry.trial, entry.trial.candidate
        is_ok = trial.status is Status.OK
        writer.writerow(
            (entry.label, candidate.number, origin_text(candidate), trial.status, trial.metric,
             trial.fitness if is_ok else None, trial.num_params, trial.wall_seconds,
             candidate.key, candidate.architecture, hyperparameters_text(candidate), trial.cause)
        )  # fmt: skip
    return text.getvalue()
