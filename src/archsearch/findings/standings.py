"""How a search stands: the best cell so far, the reference cells, the failures by kind, and all
trials in the order of their fitness."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from archsearch.archive import Status, Trial


def fittest(trials: Iterable[Trial]) -> Trial | None:
    """The first of equal ones; None where all failed."""
    ok = [trial for trial in trials if trial.status is Status.OK]
    return max(ok, key=lambda trial: trial.fitness, default=None)


@dataclass
class Standings:
    """A fold over the trials of a run, in the order in which the strategy heard of them."""

    best: Trial | None = None  # of the strategy's trials; the first of equal ones
    references: dict[str, Trial] = field(default_factory=dict)
    failures: Counter[Status] = field(default_factory=Counter)  # a reused failure counts once
    num_proposed: int = 0  # told, without the reference cells
    best_so_far: list[float] = field(default_factory=list)  # metric; one for each proposed trial
    #                                                         from the first that did not fail

    @classmethod
    def of(cls, trials: Iterable[Trial]) -> "Standings":
        """After all of these."""
        standings = cls()
        for trial in trials:
            standings.add(trial)
        return standings

    def add(self, trial: Trial) -> bool:
        """Take in one trial; say whether it is the best now."""
        if trial.is_new_failure:
            self.failures[trial.status] += 1
        if name := trial.origin.reference:
            self.references[name] = trial
            return False
        self.num_proposed += 1
        is_best = trial.status is Status.OK and (
            self.best is None or trial.fitness > self.best.fitness
        )
        if is_best:
            self.best = trial
        if self.best is not None and self.best.metric is not None:
            self.best_so_far.append(self.best.metric)
        return is_best

    @property
    def best_reference(self) -> Trial | None:
        """The fittest of the reference cells, which the best cell is held against; None while none
        was trained without failing."""
        return fittest(self.references.values())


def causes(trials: Iterable[Trial]) -> Mapping[Status, Mapping[str, list[int]]]:
    """Why trials failed: by kind and cause the numbers of those that were evaluated, the most
    frequent first."""
    found: dict[Status, dict[str, list[int]]] = {}
    for trial in trials:
        if trial.is_new_failure:
            cause = " ".join((trial.cause or "no cause given").split())
            found.setdefault(trial.status, {}).setdefault(cause, []).append(trial.number)
    frequent = sorted(found.items(), key=lambda item: -sum(map(len, item[1].values())))
    return {
        status: dict(sorted(of_it.items(), key=lambda item: (-len(item[1]), item[1])))
        for status, of_it in frequent
    }


def commonest_cause(trials: Iterable[Trial]) -> tuple[str, int]:
    """Of the failed trials: the cause as the first of them has it, and how often it came. Causes
    that differ in their figures alone, such as an epoch, are one."""
    kinds: dict[str, list[str]] = {}
    for trial in trials:
        if trial.is_new_failure:
            cause = " ".join((trial.cause or "").split())
            kinds.setdefault(re.sub(r"[\d.,]+", "#", cause), []).append(cause)
    most = max(kinds.values(), key=len)
    return most[0], len(most)


class Ranked(NamedTuple):
    """A trial and its place among the trials of the strategy; references and failures have none."""

    trial: Trial
    place: int | None

    @property
    def label(self) -> str:
        """The place, the reference's name, or nothing for a failure."""
        return str(self.place or self.trial.origin.reference or "")


def rank(trials: Iterable[Trial]) -> list[Ranked]:
    """The fittest first; equal ones, the failures at the end among them, by their numbers.

    Trials that only repeat the result of an earlier one with the same cell are left out.
    """
    evaluated = (trial for trial in trials if trial.reused_from is None)
    place = 0
    ranked = []
    for trial in sorted(evaluated, key=lambda trial: (-trial.fitness, trial.number)):
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
