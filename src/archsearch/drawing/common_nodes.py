"""What two cells have in common, as pairs of nodes.

Rawal & Miikkulainen 2018, section A.5, lay two trees over each other from their roots, and count
their form alone (`archsearch.space.distance`): that is what distance and crossover need. For the
eye it says too little, since any two binary operators then look alike, and one operator more at the
root hides all that is equal below it. So here operators must agree, and a common region may begin
at any pair of nodes: the largest one is taken first, then the largest among what is left.
"""

from collections.abc import Callable, Mapping

from archsearch.cell.cell import Cell
from archsearch.cell.matching import best_assignment
from archsearch.cell.node import Node
from archsearch.cell.operators import OPERATORS

Pair = tuple[int, int]  # a node of the first cell, a node of the second


def common_nodes(a: Cell, b: Cell) -> dict[int, int]:
    """The node of b over which each common node of a lies; each node has at most one partner.

    Two nodes may be partners where their operators are the same, whatever the bias begins at; the
    arguments of a commutative operator and of `Linear` in any order. An operator without a common
    edge to another common node is not common. Any memory may lie over any other. Takes time in
    proportion to the product of the sizes: 0.2 s for two cells of 130 nodes.
    """
    sizes = _region_sizes(a, b)
    partners: dict[int, int] = {}
    taken: set[int] = set()
    for i, j in sorted(sizes, key=lambda pair: (-sizes[pair], -pair[0], -pair[1])):
        _lay_over(a, b, (i, j), sizes, partners, taken)
    return _without_lone_operators(a, b, partners)


def slot(op: str, argument: int) -> int:
    """Where an argument stands, as far as it matters to its operator; 0 for "" too, a new state."""
    any_order = op in ("", "Linear") or OPERATORS[op].commutative
    return 0 if any_order else argument


def _region_sizes(a: Cell, b: Cell) -> dict[Pair, int]:
    """The nodes of the largest common region below each pair, as trees; unlike pairs have none."""
    sizes: dict[Pair, int] = {}
    for i, first in enumerate(a.nodes):
        for j, second in enumerate(b.nodes):
            if _alike(first, second):
                below = _below(first, second, lambda pair: sizes.get(pair, 0))
                sizes[i, j] = 1 + sum(sizes[pair] for pair in below)
    return sizes


def _lay_over(
    a: Cell,
    b: Cell,
    start: Pair,
    sizes: Mapping[Pair, int],
    partners: dict[int, int],
    taken: set[int],
) -> None:
    """Make partners of this pair and of those below it, where neither has a partner yet."""

    def value(pair: Pair) -> int:
        is_free = pair[0] not in partners and pair[1] not in taken
        return sizes.get(pair, 0) if is_free else 0

    waiting = [start]
    while waiting:
        i, j = waiting.pop()
        if value((i, j)):
            partners[i] = j
            taken.add(j)
            waiting += _below(a.nodes[i], b.nodes[j], value)


def _without_lone_operators(a: Cell, b: Cell, partners: dict[int, int]) -> dict[int, int]:
    """The sources, and the operators that have a common edge to or from another common node."""
    joined = {i for i in partners if a.nodes[i].is_source}
    for i, j in partners.items():
        there = {(node, slot(b.nodes[j].op, k)) for k, node in enumerate(b.nodes[j].args)}
        below = {
            arg
            for k, arg in enumerate(a.nodes[i].args)
            if (partners.get(arg), slot(a.nodes[i].op, k)) in there
        }
        if below:
            joined |= {i, *below}
    return {i: j for i, j in sorted(partners.items()) if i in joined}


def _alike(first: Node, second: Node) -> bool:
    return first.op == second.op or (_is_memory(first) and _is_memory(second))


def _is_memory(node: Node) -> bool:
    return node.state not in (None, "h")


def _below(first: Node, second: Node, value: Callable[[Pair], int]) -> list[Pair]:
    """The arguments of two like nodes, paired so that they have the most in common; pairs without
    value are left out."""
    if first.is_source:
        return []
    if slot(first.op, 1):
        pairs = list(zip(first.args, second.args, strict=True))
    elif len(first.args) <= len(second.args):
        _, columns = best_assignment([[value((i, j)) for j in second.args] for i in first.args])
        pairs = [(i, second.args[column]) for i, column in zip(first.args, columns, strict=True)]
    else:
        _, columns = best_assignment([[value((i, j)) for i in first.args] for j in second.args])
        pairs = [(first.args[column], j) for j, column in zip(second.args, columns, strict=True)]
    return [pair for pair in pairs if value(pair)]
