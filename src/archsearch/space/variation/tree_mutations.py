"""The three mutations of trees: Rawal & Miikkulainen 2018, section 2.1.

Each gives a genome of the space, or None where it found none.
"""

import random

from archsearch.space.space import MAX_DRAWS, first_valid
from archsearch.space.tree import TreeGenome
from archsearch.space.tree_grammar import TreeGrammar


def replace(genome: TreeGenome, space: TreeGrammar, rng: random.Random) -> TreeGenome | None:
    """A random element replaced by another of the same type.

    The types are leaves, unary elements, binary elements, and the nodes that feed the memories.
    The form of the tree stays.
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


def insert(genome: TreeGenome, space: TreeGrammar, rng: random.Random) -> TreeGenome | None:
    """A new element at a random place, with the subtree there as one of its arguments.

    Where it takes a second argument, that is a new leaf, perhaps of a new memory.
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


def shrink(genome: TreeGenome, space: TreeGrammar, rng: random.Random) -> TreeGenome | None:
    """A random branch replaced by one of its arguments, also drawn."""
    branches = [(path, len(node.children)) for path, node in genome.tree.walk() if node.children]
    rng.shuffle(branches)
    shrunk = (
        space.fed(genome.without_branch(path, argument), rng)
        for path, arity in branches
        for argument in rng.sample(range(arity), arity)
    )
    return first_valid(shrunk, space, genome)


MUTATIONS = {"insert": insert, "shrink": shrink, "replace": replace}
