"""Several cells as one graph of a time step, in which every matrix over h sees all of it."""

from collections.abc import Sequence
from typing import NamedTuple

from archsearch.cell import Cell, Node
from archsearch.cell.node import PREVIOUS, X_SOURCES

_HIDDEN = f"h{PREVIOUS}"


class Graph(NamedTuple):
    """nodes in topological order, and the node that gives each state its next value."""

    nodes: tuple[Node, ...]
    outputs: tuple[tuple[str, int], ...]


def join(cells: Sequence[Cell]) -> Graph:
    """The cells side by side, as `archsearch.cell.step.Step` describes. They share x and h_tm1;
    state s of cell k is called sk, unless it is the only cell."""
    nodes = [Node(_HIDDEN)]
    shared = {_HIDDEN: 0}  # a source of all cells -> its index
    hidden: list[tuple[str, int]] = []
    memories: list[tuple[str, int]] = []
    for k, cell in enumerate(cells):
        number = str(k) if len(cells) > 1 else ""
        share = f"h{number}{PREVIOUS}"
        if share not in shared:
            shared[share] = len(nodes)
            nodes.append(Node(share))
        places: list[int] = []  # index in the cell -> index in the graph, elementwise
        for node in cell.nodes:
            place = shared[share] if node.op == _HIDDEN else shared.get(node.op)
            if place is None:
                place = len(nodes)
                nodes.append(_moved(node, cell, number, places))
                if node.op in X_SOURCES:
                    shared[node.op] = place
            places.append(place)
        for name, index in cell.outputs:
            (hidden if name == "h" else memories).append((f"{name}{number}", places[index]))
    return Graph(tuple(nodes), (*hidden, *memories))


def _moved(node: Node, cell: Cell, number: str, places: Sequence[int]) -> Node:
    """A node of a cell, but for its h_tm1, as a node of the graph, whose first is all of h_tm1."""
    if node.state is not None:
        return Node(f"{node.state}{number}{PREVIOUS}")
    reads_all = node.op == "Linear"
    args = (0 if reads_all and cell.nodes[arg].op == _HIDDEN else places[arg] for arg in node.args)
    return Node(node.op, tuple(args), node.bias)
