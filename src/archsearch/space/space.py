"""The seam between cell spaces and what searches them."""

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from archsearch.architecture import Architecture

Genome = TypeVar("Genome")

# Variation draws until a result is valid, but not for ever.
MAX_DRAWS = 20


class GenomeError(ValueError):
    """A text or JSON value that is no genome of the space."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a genome is outside its space: the name of the rule, and what broke it."""

    rule: str
    reason: str


class CellSpace(ABC, Generic[Genome]):
    """Which genomes exist, and the architectures that they stand for: cells in most spaces.

    Genomes are immutable values that can be compared and hashed. Variation that only one strategy
    needs, such as the crossover of GP-NEAT, is in `archsearch.space.variation`.
    """

    @abstractmethod
    def sample(self, rng: random.Random) -> Genome:
        """A random genome of the space; it passes `check`."""

    @abstractmethod
    def mutate(self, genome: Genome, rng: random.Random) -> Genome:
        """One small random change; the result passes `check`. What every strategy can use.

        The genome itself comes back only where no change was found in a fair number of draws.
        """

    @abstractmethod
    def check(self, genome: Genome) -> Rejection | None:
        """The first rule that the genome breaks, or None if it belongs to the space."""

    @abstractmethod
    def decode(self, genome: Genome) -> Architecture:
        """The architecture of a genome that passes `check`; in cells a sum of Linears is one."""

    def hyperparameters(self, genome: Genome) -> Mapping[str, Any]:  # noqa: ARG002
        """What the genome decides beside the architecture, such as the learning rate."""
        return {}

    @abstractmethod
    def encode(self, architecture: Architecture) -> Genome | None:
        """A genome that decodes to the architecture, sums of Linears in it taken as one; None where
        the space cannot express it."""

    @abstractmethod
    def to_json(self, genome: Genome) -> Any:
        """The genome as JSON values, for the archive."""

    @abstractmethod
    def from_json(self, data: Any) -> Genome:
        """The genome that `to_json` wrote; GenomeError for anything that is not in the space."""

    def accepted(self, genome: Genome) -> Genome:
        """The genome itself; GenomeError where it is not in the space."""
        if rejection := self.check(genome):
            raise GenomeError(f"not in this space, {rejection.rule}: {rejection.reason}")
        return genome

    def expressing(self, genome: Genome, architecture: Architecture) -> Genome | None:
        """The genome if it is in the space and decodes to the architecture."""
        fits = self.check(genome) is None and self.decode(genome) == architecture
        return genome if fits else None


def first_broken(
    genome: Genome, rules: Mapping[str, Callable[[Genome], str | None]]
) -> Rejection | None:
    """The first of the rules, by name, that says what is wrong with the genome."""
    for name, rule in rules.items():
        if reason := rule(genome):
            return Rejection(name, reason)
    return None


def first_valid(
    genomes: Iterable[Genome], space: CellSpace[Genome], *parents: Genome
) -> Genome | None:
    """The first genome that is in the space and equals no parent, if there is one."""
    for genome in genomes:
        if genome not in parents and space.check(genome) is None:
            return genome
    return None
