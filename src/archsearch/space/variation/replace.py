"""Mutation 1 of Rawal & Miikkulainen 2018, section 2.1."""

import random

from archsearch.space.tree import TreeGenome
from archsearch.space.tree_grammar import TreeGrammar
from archsearch.space.variation.attempts import MAX_DRAWS, first_valid


def replace(genome: TreeGenome, space: TreeGrammar, rng: random.Random) -> TreeGenome | None:
    """A random element replaced by another of the same type.

    The types are leaves, unary elements, binary elements, and the nodes that feed the memories.
    The form of the tree stays. None where MAX_DRAWS draws found no valid
    change.
    """
    nodes = list(genome.tree.walk())

    def draw() -> TreeGenome:
        site = rng.randrange(len(nodes) + len(genome.feeds))
        if site >= len(nodes):
            memory, _ = genome.feeds[site - len(nodes)]
            return genome.with_feed(memory, rng.choice(space.feed_points(genome)))
        path, node = nodes[site]
        if node.children:
            elements = space.unary if len(node.children) == 1 else space.binary
            return genome.with_element(path, rng.choice(elements))
        leaf = space.draw_leaf(space.memories_for(genome), rng)
        return space.fed(genome.with_subtree(path, leaf), rng)

    return first_valid((draw() for _ in range(MAX_DRAWS)), space, genome)
