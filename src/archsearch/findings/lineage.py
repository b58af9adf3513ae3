"""The family of a trial: what its architecture came from."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from archsearch.archive import Trial, ancestors

MAX_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Family:
    """A trial and its ancestors, by number; num_hidden older ones are left out.

    rows: of numbers, oldest first; the trial itself is the last row.
    parents: of each who is shown, those who are shown.
    """

    members: Mapping[int, Trial]
    rows: tuple[tuple[int, ...], ...]
    parents: Mapping[int, tuple[int, ...]]
    num_hidden: int


def family(trial: Trial, by_number: Mapping[int, Trial]) -> Family:
    """The nearest ancestors of a trial; one that its archive does not have ends its line."""
    everyone = {**ancestors(trial, by_number), trial.number: trial}
    # Parents have smaller numbers, so the youngest hang together.
    shown = sorted(everyone, reverse=True)[:MAX_SHOWN]
    parents = {
        number: tuple(p for p in everyone[number].candidate.origin.parents if p in shown)
        for number in shown
    }
    depths: dict[int, int] = {shown[0]: 0}
    for number in shown:
        for parent in parents[number]:
            depths[parent] = max(depths.get(parent, 0), depths[number] + 1)
    by_depth = defaultdict(list)
    for number in sorted(shown):
        by_depth[depths[number]].append(number)
    rows = tuple(tuple(by_depth[depth]) for depth in sorted(by_depth, reverse=True))
    members = {number: everyone[number] for number in sorted(shown)}
    return Family(members, rows, parents, len(everyone) - len(shown))
