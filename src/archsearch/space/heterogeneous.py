"""The space of heterogeneous layers: each share of a layer has a cell out of a pool.

Rawal & Miikkulainen 2018, sections A.2 and A.4: the pool holds well-performing evolved cells "that
were the most diverse, i.e. had the largest tree distance from the others", and layers are built of
cells "chosen from this pool randomly".

What the paper leaves open, as decided here: cells are chosen with replacement, as the paper's own
layers of 27 shares out of 20 cells must. The most different cells are found greedily, each the
farthest from those found before (Gonzalez 1985): the cells whose mean distance from all others is
largest could be outliers that are alike. Distances that are equal, as those of cells of one form
are, go to the better cell.
"""

import random
import reprlib
from collections.abc import Sequence
from typing import Any

from archsearch.architecture import Architecture, HeterogeneousLayer, read_layer
from archsearch.architecture.layer import MAX_SHARES
from archsearch.cell import Cell, CellError
from archsearch.space.distance import tree_distance
from archsearch.space.parameters import require
from archsearch.space.space import CellSpace, GenomeError, Rejection

MIN_POOL = 2  # fewer give no choice


class HeterogeneousSpace(CellSpace[HeterogeneousLayer]):
    """Layers of `num_shares` cells. A genome is the layer itself, in JSON its text.

    pool: what cells are drawn from. A layer with other cells, such as one that another run found,
    belongs to the space too.
    """

    def __init__(self, pool: Sequence[Cell], num_shares: int) -> None:
        require("num_shares", num_shares, 1, MAX_SHARES, integer=True)
        self.pool = tuple(dict.fromkeys(cell.with_folded_linears() for cell in pool))
        if len(self.pool) < MIN_POOL:
            raise ValueError(
                f"pool: expected at least {MIN_POOL} different cells, got {len(self.pool)}"
            )
        self.num_shares = num_shares

    def sample(self, rng: random.Random) -> HeterogeneousLayer:
        return HeterogeneousLayer(tuple(rng.choices(self.pool, k=self.num_shares)))

    def mutate(self, genome: HeterogeneousLayer, rng: random.Random) -> HeterogeneousLayer:
        """Another cell of the pool for one of the shares."""
        share = rng.randrange(self.num_shares)
        others = [cell for cell in self.pool if cell != genome.cells[share]]
        cells = (*genome.cells[:share], rng.choice(others), *genome.cells[share + 1 :])
        return HeterogeneousLayer(cells)

    def cross(
        self, mother: HeterogeneousLayer, father: HeterogeneousLayer, rng: random.Random
    ) -> HeterogeneousLayer:
        """Uniform crossover: each share from either parent. Shares stand in the order of their
        cells' keys, so what both parents have mostly stays."""
        pairs = zip(mother.cells, father.cells, strict=True)
        return HeterogeneousLayer(tuple(rng.choice(pair) for pair in pairs))

    def check(self, genome: HeterogeneousLayer) -> Rejection | None:
        if len(genome.cells) != self.num_shares:
            reason = f"expected {self.num_shares} shares, got {len(genome.cells)}"
            return Rejection("number of shares", reason)
        return None

    def decode(self, genome: HeterogeneousLayer) -> HeterogeneousLayer:
        return genome

    def encode(self, architecture: Architecture) -> HeterogeneousLayer | None:
        if not isinstance(architecture, HeterogeneousLayer):
            return None
        layer = HeterogeneousLayer(tuple(c.with_folded_linears() for c in architecture.cells))
        return self.expressing(layer, layer)

    def to_json(self, genome: HeterogeneousLayer) -> Any:
        return str(genome)

    def from_json(self, data: Any) -> HeterogeneousLayer:
        if not isinstance(data, str):
            raise GenomeError(f"expected the text of a layer, got {reprlib.repr(data)}")
        try:
            return self.accepted(read_layer(data))
        except CellError as error:
            raise GenomeError(str(error)) from None


def most_different(cells: Sequence[Cell], count: int) -> list[Cell]:
    """`count` of the cells, or all where there are fewer: the first, then always that whose tree
    distance to the nearest one found is largest; among equals the first."""
    found = list(cells[:1])
    left = list(cells[1:])
    nearest = [tree_distance(cell, found[0]) for cell in left]
    while left and len(found) < count:
        farthest = max(range(len(left)), key=nearest.__getitem__)
        found.append(left.pop(farthest))
        nearest.pop(farthest)
        nearest = [
            min(distance, tree_distance(cell, found[-1]))
            for cell, distance in zip(left, nearest, strict=True)
        ]
    return found
