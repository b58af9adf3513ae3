"""How GP-NEAT varies trees: Rawal & Miikkulainen 2018.

The three mutations are those of section 2.1. The crossover exchanges subtrees at one point of the
common region: section A.5, figure 4 (a); Francone et al. 1999.

Each gives a genome of the space, or None where it found none.
"""

import random
from collections.abc import Sequence

from archsearch.space.distance import common_region
from archsearch.space.space import MAX_DRAWS, first_valid
from archsearch.space.tree import Path, TreeGenome
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


def homologous_crossover(
    mother: TreeGenome,
    father: TreeGenome,
    space: TreeGrammar,
    rng: random.Random,
    beta: float = 0.5,
) -> TreeGenome | None:
    """A child with one subtree exchanged at a point drawn from the parents' common region.

    The parents are laid over each other in the rotations that fit best. Of a point's two children
    one is drawn. None where no point gives a valid child that differs from both parents.
    """
    # Exchanging at the roots would exchange the parents.
    region = common_region(mother.tree, father.tree, beta)
    mirrored = [(b, a) for a, b in region]
    points = [(point, side) for point in range(1, len(region)) for side in (0, 1)]
    rng.shuffle(points)
    children = (
        _graft(father, mother, mirrored, point) if side else _graft(mother, father, region, point)
        for point, side in points
    )
    return first_valid((space.fed(child, rng) for child in children), space, mother, father)


def _graft(
    stock: TreeGenome, scion: TreeGenome, region: Sequence[tuple[Path, Path]], point: int
) -> TreeGenome:
    """The stock with the scion's subtree at a point of their common region.

    Memories keep the feeds of the stock. One that has lost its feed, or is new, is fed as in the
    scion: from the same node where the graft brings it along, else from the node over which it
    lies.
    """
    place, origin = region[point]
    child = stock.with_subtree(place, scion.tree.at(origin))
    over = {b: a for a, b in region if a[: len(place)] != place}
    feeds = dict(child.feeds)
    for memory, path in scion.feeds:
        if memory in feeds:
            continue
        if path[: len(origin)] == origin:
            feeds[memory] = place + path[len(origin) :]
        elif path in over:
            feeds[memory] = over[path]
    return TreeGenome.of(child.tree, feeds)
