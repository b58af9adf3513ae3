"""One-point crossover in the common region: Rawal & Miikkulainen 2018, section A.5, figure 4 (a);
Francone et al. 1999."""

import random
from collections.abc import Sequence

from archsearch.space.distance import common_region
from archsearch.space.space import first_valid
from archsearch.space.tree import Path, TreeGenome
from archsearch.space.tree_grammar import TreeGrammar


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
