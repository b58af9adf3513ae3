"""Species of trees, those that wait, and the Hall of Shame: Rawal & Miikkulainen 2018, section A.5,
figure 4 (b), after NEAT (Stanley & Miikkulainen 2002, section 3.3)."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from archsearch.space import Shape, TreeGenome, distance_bound, shape_distance


@dataclass(frozen=True, slots=True)
class Member:
    """An evaluated individual of a species; failed trials have fitness −∞."""

    number: int
    genome: TreeGenome
    fitness: float


def truncation(members: Sequence[Member], rate: float) -> list[Member]:
    """NEAT's: the best ⌈rate · n⌉ members, best first, and at least two so that there is someone
    to cross with. Failed ones are chosen only where all have failed; equals go by number."""
    ranked = sorted(members, key=lambda member: (-member.fitness, member.number))
    finished = [member for member in ranked if member.fitness > -math.inf]
    return (finished or ranked)[: max(2, math.ceil(rate * len(ranked)))]


Waiting = TypeVar("Waiting")


class Standing(StrEnum):
    ACTIVE = "active"  # its members are evaluated and reproduce
    INACTIVE = "inactive"  # found, and waiting for an active species to stagnate
    SHAME = "shame"  # in the Hall of Shame


@dataclass(eq=False, slots=True)
class Species(Generic[Waiting]):
    """Trees within the compatibility threshold of one representative."""

    number: int
    representative: Shape
    standing: Standing
    promise: float  # the best fitness among parents of those who wait
    waiting: deque[Waiting] = field(default_factory=deque)  # not evaluated yet
    parents: list[Member] = field(default_factory=list)  # selected, best first
    best_fitness: float = -math.inf
    stagnant_generations: int = 0

    def let_wait(self, individual: Waiting, promise: float, room: int) -> None:
        """Keeps the individual for when the species becomes active, unless `room` others wait."""
        if len(self.waiting) < room:
            self.waiting.append(individual)
            self.promise = max(self.promise, promise)

    def end_generation(self, born: list[Member]) -> None:
        """Notes whether the generation has brought progress."""
        best = max((member.fitness for member in born), default=-math.inf)
        self.stagnant_generations = 0 if best > self.best_fitness else self.stagnant_generations + 1
        self.best_fitness = max(best, self.best_fitness)


class Speciation(Generic[Waiting]):
    """All species of a run, in the order of their age.

    A tree belongs to the oldest species whose representative is at most `threshold` away.
    Representatives never change, so a form once in a species stays there, and the Hall of Shame
    keeps what it has. The paper does not say which inactive species becomes active first: here it
    is the one with the fittest parents, the oldest among equals. It does not bound their number
    either: here the least promising is forgotten beyond `max_inactive`.
    """

    def __init__(self, threshold: float, beta: float, max_active: int, max_inactive: int) -> None:
        self.threshold = threshold
        self.beta = beta
        self.max_active = max_active
        self.max_inactive = max_inactive
        self.num_founded = 0
        self.species: list[Species[Waiting]] = []

    def having(self, standing: Standing) -> list[Species[Waiting]]:
        return [species for species in self.species if species.standing is standing]

    @property
    def has_room(self) -> bool:
        """Whether a new species would be active."""
        return len(self.having(Standing.ACTIVE)) < self.max_active

    def find(self, shape: Shape) -> Species[Waiting] | None:
        """The species that the form belongs to, if there is one."""
        for species in self.species:
            other = species.representative
            if (
                distance_bound(shape, other, self.beta) <= self.threshold
                and shape_distance(shape, other, self.beta) <= self.threshold
            ):
                return species
        return None

    def place(self, shape: Shape, promise: float) -> Species[Waiting]:
        """The species that the form belongs to, or a new one: active while there is room."""
        species = self.find(shape)
        if species is not None:
            return species
        standing = Standing.ACTIVE if self.has_room else Standing.INACTIVE
        species = Species[Waiting](self.num_founded, shape, standing, promise)
        self.num_founded += 1
        self.species.append(species)
        inactive = self.having(Standing.INACTIVE)
        if len(inactive) > self.max_inactive:
            self.species.remove(min(inactive, key=_rank))
        return species

    def retire(self, stagnation_generations: int) -> None:
        """Sends stagnant active species to the Hall of Shame and fills their places from the
        inactive list."""
        for species in self.having(Standing.ACTIVE):
            if species.stagnant_generations >= stagnation_generations:
                species.standing = Standing.SHAME
                species.parents = []
        room = self.max_active - len(self.having(Standing.ACTIVE))
        promising = sorted(self.having(Standing.INACTIVE), key=_rank, reverse=True)
        for species in promising[:room]:
            species.standing = Standing.ACTIVE


def _rank(species: Species[Waiting]) -> tuple[float, int]:
    return species.promise, -species.number
