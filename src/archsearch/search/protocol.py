"""The seam between a search strategy and everything else.

The life of a candidate: the loop calls `ask` until enough candidates are in flight, or until the
strategy returns None because it must first hear of results. Each finished trial comes back through
`tell`. A strategy never sees data, networks or trainers, and holds no state that a replay of the
same asks and tells would not rebuild: that is how a killed search resumes.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from archsearch.archive.records import Json, Origin, Trial
from archsearch.cell import Cell


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a strategy proposes; the loop numbers it and makes it a candidate."""

    architecture: Cell
    genome: Json
    origin: Origin


class Strategy(ABC):
    """Proposes architectures and learns from their trials."""

    @abstractmethod
    def ask(self, number: int) -> Proposal | None:
        """The next proposal, which the run will know by `number`.

        None while results are outstanding without which the strategy cannot go on. It must not
        return None when every proposal so far has been told.
        """

    @abstractmethod
    def tell(self, trial: Trial) -> None:
        """Take in the trial of an earlier proposal. Failed trials come too, with fitness −∞."""

    def status(self) -> Mapping[str, int | float | str]:
        """A few figures for progress displays and charts, such as the generation."""
        return {}
