"""Mutation 3 of Rawal & Miikkulainen 2018, section 2.1."""

import random

from archsearch.space.tree import TreeGenome
from archsearch.space.tree_grammar import TreeGrammar
from archsearch.space.variation.attempts import first_valid


def shrink(genome: TreeGenome, space: TreeGrammar, rng: random.Random) -> TreeGenome | None:
    """A random branch replaced by one of its arguments, also drawn. None where no branch can go."""
    branches = [(path, len(node.children)) for path, node in genome.tree.walk() if node.children]
    rng.shuffle(branches)
    shrunk = (
        space.fed(genome.without_branch(path, argument), rng)
        for path, arity in branches
        for argument in rng.sample(range(arity), arity)
    )
    return first_valid(shrunk, space, genome)
