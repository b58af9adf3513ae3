"""A cell space of one's own: a gate over a chain of activations.

A genome is the chain, such as ("Tanh", "ReLU"), and stands for

    z = Sigmoid(Linear(x_t, h_tm1));
    h_t = Blend(z, h_tm1, ReLU(Linear(Tanh(Linear(x_t, h_tm1)), h_tm1)))
"""

import random
from collections.abc import Sequence
from itertools import product
from typing import Any

from archsearch.architecture import Architecture
from archsearch.cell import Cell, parse
from archsearch.space import CellSpace, GenomeError, Rejection

Chain = tuple[str, ...]


class ChainSpace(CellSpace[Chain]):
    """Chains of `length` activations."""

    def __init__(
        self, length: int = 3, activations: Sequence[str] = ("Tanh", "Sigmoid", "ReLU", "Sin")
    ) -> None:
        if length < 1:
            raise ValueError(f"length: expected at least 1, got {length}")
        self.length = length
        self.activations = tuple(activations)

    def sample(self, rng: random.Random) -> Chain:
        return tuple(rng.choice(self.activations) for _ in range(self.length))

    def mutate(self, genome: Chain, rng: random.Random) -> Chain:
        """Another activation at one place."""
        place = rng.randrange(self.length)
        others = [name for name in self.activations if name != genome[place]]
        return (*genome[:place], rng.choice(others or genome), *genome[place + 1 :])

    def check(self, genome: Chain) -> Rejection | None:
        if len(genome) != self.length:
            return Rejection("length", f"expected {self.length} activations, got {len(genome)}")
        if unknown := set(genome) - set(self.activations):
            return Rejection("activations", f"unknown: {', '.join(sorted(unknown))}")
        return None

    def decode(self, genome: Chain) -> Cell:
        value = "x_t"
        for activation in genome:
            value = f"{activation}(Linear({value}, h_tm1))"
        return parse(f"z = Sigmoid(Linear(x_t, h_tm1)); h_t = Blend(z, h_tm1, {value})")

    def encode(self, architecture: Architecture) -> Chain | None:
        """By trying all chains: right for a space of a few hundred cells."""
        chains = product(self.activations, repeat=self.length)
        return next((chain for chain in chains if self.decode(chain) == architecture), None)

    def to_json(self, genome: Chain) -> Any:
        return list(genome)

    def from_json(self, data: Any) -> Chain:
        genome = tuple(data) if isinstance(data, list) else ()
        if rejection := self.check(genome):
            raise GenomeError(f"{data!r}: {rejection.reason}")
        return genome
