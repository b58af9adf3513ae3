"""The seam between cell spaces and what searches them."""

import random
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from archsearch.cell import Cell

Genome = TypeVar("Genome")


class GenomeError(ValueError):
    """A text or JSON value that is no genome of the space."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a genome is outside its space: the name of the rule, and what broke it."""

    rule: str
    reason: str


class CellSpace(ABC, Generic[Genome]):
    """Which genomes exist, and the cells that they stand for.

    Genomes are immutable values. What varies them (mutation, crossover) belongs to the strategies:
    see `archsearch.search.operators`.
    """

    @abstractmethod
    def sample(self, rng: random.Random) -> Genome:
        """A random genome of the space; it passes `check`."""

    @abstractmethod
    def check(self, genome: Genome) -> Rejection | None:
        """The first rule that the genome breaks, or None if it belongs to the space."""

    @abstractmethod
    def decode(self, genome: Genome) -> Cell:
        """The cell of a genome that passes `check`."""

    @abstractmethod
    def to_json(self, genome: Genome) -> Any:
        """The genome as JSON values, for the archive."""

    @abstractmethod
    def from_json(self, data: Any) -> Genome:
        """The genome that `to_json` wrote; GenomeError for anything that is not in the space."""
