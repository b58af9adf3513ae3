"""Mutation 2 of Rawal & Miikkulainen 2018, section 2.1."""

import random

from archsearch.space.tree import TreeGenome
from archsearch.space.tree_grammar import TreeGrammar
from archsearch.space.variation.attempts import MAX_DRAWS, first_valid


def insert(genome: TreeGenome, space: TreeGrammar, rng: random.Random) -> TreeGenome | None:
    """A new element at a random place, with the subtree there as one of its arguments.

    Where it takes a second argument, that is a new leaf, perhaps of a new memory. None where
    MAX_DRAWS draws found no valid one.
    """
    paths = [path for path, _ in genome.tree.walk()]
    elements = (*space.unary, *space.binary)

    def draw() -> TreeGenome:
        path, element = rng.choice(paths), rng.choice(elements)
        if element in space.unary:
            return genome.with_branch(path, element, (), 0)
        leaf = space.draw_leaf(space.memories_for(genome), rng)
        return space.fed(genome.with_branch(path, element, (leaf,), rng.randrange(2)), rng)

    return first_valid((draw() for _ in range(MAX_DRAWS)), space, genome)
