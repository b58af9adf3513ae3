"""The space of GP-NEAT: trees over linear combinations of x_t and h_{t−1} and over memories.

Rawal & Miikkulainen 2018, section A.3 and figure 1. The elements are those of the space that the
paper shares with NAS (section 4): additions and products, tanh, sigmoid and ReLU (Zoph & Le 2016,
section 4.2). NAS's fourth activation, the identity, is here the absence of an element.
"""

import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from archsearch.architecture import Architecture
from archsearch.cell import Cell
from archsearch.space import tree_codec, tree_rules
from archsearch.space.parameters import require
from archsearch.space.space import GenomeError, Rejection, first_broken
from archsearch.space.tree import LINEAR, MEMORY_NAMES, TreeGenome
from archsearch.space.tree_grammar import START_LEAVES, TreeGrammar
from archsearch.space.variation.trees import insert, replace, shrink

SAMPLE_LEAVES = (START_LEAVES // 2, 2 * START_LEAVES)  # of drawn trees, uniformly
SAMPLE_ATTEMPTS = 1000


class GPTreeSpace(TreeGrammar):
    """Trees of `unary` and `binary` elements over `linear` leaves and memories.

    Heights count the edges from the root to the lowest leaf; in the cell's text each linear leaf
    adds one more level. `memory_leaf_rate` is the chance that a drawn leaf is a memory.
    """

    def __init__(
        self,
        unary: Sequence[str] = ("Tanh", "Sigmoid", "ReLU"),
        binary: Sequence[str] = ("Add", "Mult"),
        min_height: int = 6,
        max_height: int = 15,
        max_memories: int = 4,
        memory_leaf_rate: float = 0.25,
    ) -> None:
        super().__init__(unary, binary, max_memories, memory_leaf_rate)
        require("max_height", max_height, 6, 100, integer=True)
        require("min_height", min_height, 1, 6, integer=True)
        self.min_height = min_height
        self.max_height = max_height
        leaves = (LINEAR, *MEMORY_NAMES[:max_memories])
        self._rules: dict[str, Callable[[TreeGenome], str | None]] = {
            "elements": partial(tree_rules.elements, by_arity=(leaves, self.unary, self.binary)),
            "size": tree_rules.size,
            "height": partial(tree_rules.height, low=min_height, high=max_height),
            "consecutive non-linearities": tree_rules.consecutive_nonlinearities,
            "inputs": tree_rules.inputs,
            "memory feeds": tree_rules.memory_feeds,
            "zero signal": tree_rules.zero_signal,
        }

    def start(self, rng: random.Random) -> TreeGenome:
        """The simple fully connected tree that evolution starts from (section A.3), height six.

        Three levels of a combination under a non-linearity join its leaves, one of them a memory.
        The form is always the same, so that the start is one species, as in NEAT; elements, the
        memory's place and the node that feeds it are drawn. The paper gives no more than the name
        and the height.
        """
        for _ in range(SAMPLE_ATTEMPTS):
            genome = self.draw_start(rng)
            if self.check(genome) is None:
                return genome
        raise GenomeError(
            f"no valid start tree in {SAMPLE_ATTEMPTS} draws from {self.unary} and {self.binary}: "
            "allow more elements"
        )

    def sample(self, rng: random.Random) -> TreeGenome:
        """A random tree of half to double the leaves of the start tree."""
        for _ in range(SAMPLE_ATTEMPTS):
            tree = self.draw_tree(rng.randint(*SAMPLE_LEAVES), rng)
            genome = self.fed(TreeGenome(tree), rng)
            if self.check(genome) is None:
                return genome
        return self.start(rng)

    def mutate(self, genome: TreeGenome, rng: random.Random) -> TreeGenome:
        """One of the three mutations of section 2.1, drawn; the others where it finds nothing."""
        for mutation in rng.sample((insert, replace, shrink), 3):
            if (mutated := mutation(genome, self, rng)) is not None:
                return mutated
        return genome

    def check(self, genome: TreeGenome) -> Rejection | None:
        return first_broken(genome, self._rules)

    def decode(self, genome: TreeGenome) -> Cell:
        return tree_codec.to_cell(genome)

    def encode(self, architecture: Architecture) -> TreeGenome | None:
        """A cell in which a shared node holds weights is none of this space: in a tree they would
        be two. Where the tree must be higher, or a memory is fed from a leaf, a sum of leaves
        stands for the leaf.
        """
        if not isinstance(architecture, Cell):
            return None
        cell = architecture.with_folded_linears()
        genome = tree_codec.unfolded(cell, self.max_height)
        if genome is None:
            return None
        return self.expressing(tree_codec.raised(genome, self.min_height), cell)

    def to_json(self, genome: TreeGenome) -> Any:
        return tree_codec.to_json(genome)

    def from_json(self, data: Any) -> TreeGenome:
        return self.accepted(tree_codec.from_json(data, self.max_height))
