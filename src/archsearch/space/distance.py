"""How different two trees are, whatever the order of their branches.

Rawal & Miikkulainen 2018, section A.5, equation 1, after Trujillo et al. 2015: the share of nodes
and of levels that lie outside the largest region that the trees have in common. The region starts
at both roots and goes on below a pair of nodes as long as both have the same number of arguments;
it includes the pair where it stops. Elements do not count, only the form of the trees.

The paper compares "all possible tree rotations". Their number grows exponentially, but the best
rotation below one pair of nodes does not depend on what lies above it. So for each pair of subtrees
we need only its *profile*: the most shared nodes for each depth that the region must reach.
"""

from collections.abc import Iterator
from itertools import permutations

from archsearch.cell import Cell
from archsearch.space.parameters import require
from archsearch.space.tree import Path, Shape, Tree, shape_over

# profile[i]: the most nodes in a common region that is at least i + 1 levels deep.
Profile = tuple[int, ...]

# By serial numbers, which are never used twice: so the table keeps no shape alive, and holds
# nothing that the garbage collector would have to visit (with shapes as keys it paused searches for
# 0.3 s at 4,000 trials).
MAX_PROFILES = 200_000  # some 50 MB; then the table starts afresh
_profiles: dict[tuple[int, int], Profile] = {}


def _profile(a: Shape, b: Shape) -> Profile:
    if a is b:
        return (a.size,) * a.depth
    if not a.children or len(a.children) != len(b.children):
        return (1,)
    key = (a.serial, b.serial) if a.serial < b.serial else (b.serial, a.serial)
    profile = _profiles.get(key)
    if profile is None:
        profile = _match(a.children, b.children)
        if len(_profiles) >= MAX_PROFILES:
            _profiles.clear()
        _profiles[key] = profile
    return profile


def _match(left: tuple[Shape, ...], right: tuple[Shape, ...]) -> Profile:
    """The profile of two nodes with these arguments, over all ways to pair them."""
    if len(left) == 1:
        below = _profile(left[0], right[0])
    elif len(left) == 2:
        (a, b), (c, d) = left, right
        below = _join(_profile(a, c), _profile(b, d))
        if a is not b and c is not d:
            crossed = _join(_profile(a, d), _profile(b, c))
            below = _maximum(below, crossed)
    else:
        below = _match_many(left, right)
    return (1 + below[0], *(1 + size for size in below))


def _match_many(left: tuple[Shape, ...], right: tuple[Shape, ...]) -> Profile:
    """The best pairing of k > 2 arguments: one pair goes deep, the rest only counts nodes."""
    table = [[_profile(a, b) for b in right] for a in left]
    best: Profile = ()
    for i, row in enumerate(table):
        for j, deep in enumerate(row):
            sizes = [
                [profile[0] for column, profile in enumerate(others) if column != j]
                for other, others in enumerate(table)
                if other != i
            ]
            rest = _best_total(sizes)
            best = _maximum(best, tuple(size + rest for size in deep))
    return best


def _best_total(values: list[list[int]]) -> int:
    """The largest sum with one entry from each row and at most one from each column.

    By dynamic programming over the sets of columns used so far, which is quick for up to about ten.
    """
    best = {0: 0}
    for row in values:
        following: dict[int, int] = {}
        for used, total in best.items():
            for column, value in enumerate(row):
                if not used >> column & 1:
                    key = used | 1 << column
                    following[key] = max(following.get(key, 0), total + value)
        best = following
    return max(best.values())


def _join(a: Profile, b: Profile) -> Profile:
    """Two regions side by side: one of them must reach the depth."""
    return _maximum(tuple(size + b[0] for size in a), tuple(size + a[0] for size in b))


def _maximum(a: Profile, b: Profile) -> Profile:
    if len(a) < len(b):
        a, b = b, a
    return (*map(max, a, b), *a[len(b) :])


def cell_shape(cell: Cell) -> Shape:
    """The shape of the tree that gives h_t; a `Linear` over sources alone is a leaf."""
    shapes: list[Shape] = []
    is_source: list[bool] = []
    for node in cell.nodes:
        is_source.append(not node.args)
        leaf = all(is_source[argument] for argument in node.args) and node.op == "Linear"
        arguments = () if leaf else node.args
        shapes.append(shape_over([shapes[argument] for argument in arguments]))
    return shapes[dict(cell.outputs)["h"]]


def tree_distance(a: Cell, b: Cell, beta: float = 0.5) -> float:
    """The distance of the trees that give h_t: 0 for equal forms, at most 1.

    `beta` weighs the difference in nodes, 1 − beta that in levels.
    """
    require("beta", beta, 0, 1)
    return shape_distance(cell_shape(a), cell_shape(b), beta)


def shape_distance(a: Shape, b: Shape, beta: float = 0.5) -> float:
    """Equation 1, for the rotations that make it smallest."""
    if a is b:
        return 0.0
    profile = _profile(a, b)
    return min(_terms(a, b, size, depth, beta) for depth, size in enumerate(profile, 1))


def distance_bound(a: Shape, b: Shape, beta: float = 0.5) -> float:
    """A lower bound of the distance, from sizes and depths alone: skips hopeless comparisons."""
    if a is b:
        return 0.0
    return _terms(a, b, min(a.size, b.size), min(a.depth, b.depth), beta)


def _terms(a: Shape, b: Shape, shared_size: int, shared_depth: int, beta: float) -> float:
    # Two different shapes have together at least 3 nodes and 3 levels: no division by zero.
    size, depth = a.size + b.size, a.depth + b.depth
    return beta * ((size - 2 * shared_size) / (size - 2)) + (1 - beta) * (
        (depth - 2 * shared_depth) / (depth - 2)
    )


def common_region(a: Tree, b: Tree, beta: float = 0.5) -> list[tuple[Path, Path]]:
    """The pairs of nodes that lie over each other where the rotations fit best, in preorder of a.

    Among equally good rotations the first in the order of the branches is taken, so the answer
    depends on the two trees alone. Takes k! steps at a node of k arguments: for genome trees.
    """
    first, second = a.shape, b.shape
    profile = _profile(first, second)
    depth = 1
    if first is not second:
        depth = min(
            range(1, len(profile) + 1),
            key=lambda d: _terms(first, second, profile[d - 1], d, beta),
        )
    return list(_aligned(a, b, depth, (), ()))


def _aligned(a: Tree, b: Tree, depth: int, at_a: Path, at_b: Path) -> Iterator[tuple[Path, Path]]:
    yield at_a, at_b
    arity = len(a.children)
    if arity == 0 or arity != len(b.children):
        return
    table = [[_profile(x.shape, y.shape) for y in b.children] for x in a.children]
    needed = max(depth - 1, 1)
    best_size, best_order, best_deep = -1, tuple(range(arity)), 0
    for order in permutations(range(arity)):
        total = sum(table[i][order[i]][0] for i in range(arity))
        for deep in range(arity):
            profile = table[deep][order[deep]]
            if needed <= len(profile):
                size = total - profile[0] + profile[needed - 1]
                if size > best_size:
                    best_size, best_order, best_deep = size, order, deep
    for i, j in enumerate(best_order):
        below = needed if i == best_deep else 1
        yield from _aligned(a.children[i], b.children[j], below, (*at_a, i), (*at_b, j))
