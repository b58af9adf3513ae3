"""A heterogeneous layer as a value: recurrent cells that share the units of one layer.

Rawal & Miikkulainen 2018, figure 1 (c) and section A.4: "Each node is repeated 20 times in a layer;
thus, if the layer size is e.g. 100, it can consist of five different node types, each of
cardinality 20".

    layer = "layer" (shares "{" cell "}")+          such as layer 3 { h_t = … } 2 { h_t = … }

The value holds how many equal *shares* of the units each cell has, and not how many units a share
is: that follows from the layer's width, so that one layer can be trained under any budget whose
width its number of shares divides.

What the paper leaves open, as decided here: the cells form one recurrent layer, so a matrix that
multiplies h_{t−1} sees that of all units, as it does in a layer of one cell. So a layer of equal
cells that multiply nothing but x_t and h_{t−1}, such as LSTMs or those of GP-NEAT, is the layer of
that cell alone, and at equal width all layers of cells with equally many matrices have equally many
weights. Everything else, also what else a matrix multiplies, is of the share's own units.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

from archsearch.cell import Cell, CellError, Drawable, Node, parse
from archsearch.cell.errors import shown
from archsearch.cell.node import PREVIOUS, X_SOURCES

MAX_SHARES = 100  # far above the 27 of the paper's layers of 540 units
MAX_TEXT_LENGTH = 1_000_000  # characters

_KEY_VERSION = "archsearch layer 1"
_FIRST_WORD = "layer"
_GROUP = re.compile(r"\s*(?P<shares>[1-9][0-9]{0,2})\s*\{(?P<cell>[^{}]*)\}\s*", re.ASCII)


_HIDDEN = f"h{PREVIOUS}"


class _Graph(NamedTuple):
    """nodes in topological order, and the node that gives each state its next value."""

    nodes: tuple[Node, ...]
    outputs: tuple[tuple[str, int], ...]


def _joined(cells: Sequence[Cell]) -> _Graph:
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
    return _Graph(tuple(nodes), (*hidden, *memories))


def _moved(node: Node, cell: Cell, number: str, places: Sequence[int]) -> Node:
    """A node of a cell, but for its h_tm1, as a node of the graph, whose first is all of h_tm1."""
    if node.state is not None:
        return Node(f"{node.state}{number}{PREVIOUS}")
    reads_all = node.op == "Linear"
    args = (0 if reads_all and cell.nodes[arg].op == _HIDDEN else places[arg] for arg in node.args)
    return Node(node.op, tuple(args), node.bias)


@dataclass(frozen=True)
class HeterogeneousLayer(Drawable):
    """One cell for each share of the layer's units, in the order of their keys.

    It is also the graph of one time step that backends run (`archsearch.cell.step.Step`).

    Raises CellError for no shares, or too many.
    """

    cells: tuple[Cell, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.cells) <= MAX_SHARES:
            raise CellError(
                f"a layer: expected 1 to {MAX_SHARES} shares of its units, got {len(self.cells)}"
            )
        in_order = tuple(sorted(self.cells, key=lambda cell: cell.key))
        object.__setattr__(self, "cells", in_order)

    @property
    def groups(self) -> tuple[tuple[Cell, int], ...]:
        """The different cells, and how many shares each of them has."""
        groups = (list(group) for _, group in groupby(self.cells, key=lambda cell: cell.key))
        return tuple((group[0], len(group)) for group in groups)

    @property
    def key(self) -> str:
        """16 hexadecimal digits that name the layer, the same in every process and version."""
        lines = (_KEY_VERSION, *(cell.key for cell in self.cells))
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]

    def __str__(self) -> str:
        groups = (f"{shares} {{\n{cell}\n}}" for cell, shares in self.groups)
        return f"{_FIRST_WORD} " + " ".join(groups)

    # --- the graph of a step ---

    @cached_property
    def _graph(self) -> _Graph:
        return _joined(self.cells)

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Of all cells, in topological order; sources are nodes too."""
        return self._graph.nodes

    @property
    def outputs(self) -> tuple[tuple[str, int], ...]:
        """The node that gives each state its next value: first each share of h, then memories."""
        return self._graph.outputs

    @property
    def linears(self) -> tuple[int, ...]:
        """Indices of the Linear nodes."""
        return tuple(i for i, node in enumerate(self.nodes) if node.op == "Linear")

    @property
    def elementwise_sources(self) -> tuple[str, ...]:
        """The x sources that some cell uses outside a Linear."""
        used = {source for cell in self.cells for source in cell.elementwise_sources}
        return tuple(source for source in X_SOURCES if source in used)

    def with_linear_sources(self) -> "HeterogeneousLayer":
        """The layer of `Cell.with_linear_sources` of each cell."""
        return HeterogeneousLayer(tuple(cell.with_linear_sources() for cell in self.cells))


def read_layer(text: str) -> HeterogeneousLayer:
    """The layer that the text describes. Raises CellError if it describes none."""
    if len(text) > MAX_TEXT_LENGTH:
        raise CellError(f"the text has {len(text)} characters; expected at most {MAX_TEXT_LENGTH}")
    first, rest = (*text.split(maxsplit=1), "", "")[:2]
    if first != _FIRST_WORD:
        raise CellError(f"a layer: expected the word {_FIRST_WORD}, got {shown(first)}")
    cells: list[Cell] = []
    position = 0
    while not cells or position < len(rest):
        group = _GROUP.match(rest, position)
        if group is None:
            raise CellError(
                f"a layer, after {len(cells)} shares: expected a number of shares and the text of "
                f"a cell, such as 2 {{ h_t = … }}, got {shown(rest[position:].strip())}"
            )
        shares = int(group["shares"])
        if len(cells) + shares > MAX_SHARES:
            raise CellError(f"a layer: expected at most {MAX_SHARES} shares, got more")
        cells += [_read_cell(group["cell"], len(cells))] * shares
        position = group.end()
    return HeterogeneousLayer(tuple(cells))


def _read_cell(text: str, shares_before: int) -> Cell:
    try:
        return parse(text)
    except CellError as error:
        raise CellError(f"a layer, the cell after {shares_before} shares: {error}") from None
