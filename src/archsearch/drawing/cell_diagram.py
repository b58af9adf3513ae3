"""What a drawing of a cell shows, whatever draws it: figures, edges and recurrences.

Each node of the cell is one figure, shared nodes included; each output is one more, at the end, so
that a state enters on the left as c_{t−1} and leaves on the right as c_t.
"""

from dataclasses import dataclass
from enum import Enum

from archsearch.cell.cell import Cell
from archsearch.cell.operators import OPERATORS
from archsearch.drawing.naming import Names, name_nodes
from archsearch.drawing.notation import Symbol, source_symbol

# Words and symbols that stand in one line.
Text = tuple[str | Symbol, ...]


class Kind(Enum):
    """What a figure stands for; the value is its entry in the legend."""

    INPUT = "input"
    HIDDEN = "hidden state"
    MEMORY = "memory"
    PRODUCT = "matrix products + bias"
    ELEMENTWISE = "elementwise"


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing to draw. `rows` has one text for each argument, or one text for all of them."""

    kind: Kind
    operator: str  # its name; "" for an input or a state
    rows: tuple[Text, ...]
    num_arguments: int
    name: Symbol | None = None  # its name in the equations, where no row says it
    footer: str = ""
    tooltip: str = ""
    variant: int = 0  # tells figures of one kind apart: x_t from x_{t−1}, c from d

    @property
    def has_row_per_argument(self) -> bool:
        return self.kind is Kind.PRODUCT or len(self.rows) > 1


@dataclass(frozen=True, slots=True)
class Edge:
    """From figure to figure, as that one's argument number `argument`."""

    source: int
    target: int
    argument: int


@dataclass(frozen=True, slots=True)
class Diagram:
    """Figures in topological order; the last ones are the outputs."""

    figures: tuple[Figure, ...]
    edges: tuple[Edge, ...]
    outputs: tuple[int, ...]
    recurrences: tuple[tuple[int, int], ...]  # (output figure, the source that it becomes)


def diagram(cell: Cell) -> Diagram:
    """The figures and edges of a drawing of the cell."""
    names = name_nodes(cell)
    outputs = {node for _, node in cell.outputs}
    figures = [_node_figure(cell, i, names, i in outputs) for i in range(len(cell.nodes))]
    edges = [
        Edge(source, target, argument)
        for target, node in enumerate(cell.nodes)
        for argument, source in enumerate(node.args)
    ]
    sources = {node.op: i for i, node in enumerate(cell.nodes) if node.is_source}
    recurrences = []
    for name, node in cell.outputs:
        figures.append(_state_figure(cell, Symbol(name, ("t",)), 1))
        edges.append(Edge(node, len(figures) - 1, 0))
        if f"{name}_tm1" in sources:
            recurrences.append((len(figures) - 1, sources[f"{name}_tm1"]))
    return Diagram(
        tuple(figures),
        tuple(edges),
        tuple(range(len(cell.nodes), len(figures))),
        tuple(recurrences),
    )


def _node_figure(cell: Cell, i: int, names: Names, is_output: bool) -> Figure:
    node = cell.nodes[i]
    name = None if is_output else names.lines.get(i)
    if node.is_source:
        return _state_figure(cell, source_symbol(node.op), 0)
    operator = OPERATORS[node.op]
    tooltip = f"{node.op}: {operator.formula}"
    if node.op == "Linear":
        rows: tuple[Text, ...] = tuple(
            (matrix, " ", _operand(cell, argument, names))
            for matrix, argument in zip(names.weights[i].matrices, node.args, strict=True)
        )
        footer = f"bias {node.bias:g}" if node.bias != 0.0 else ""
        return Figure(Kind.PRODUCT, node.op, rows, len(rows), name, footer, tooltip)
    symbols = operator.symbols or (operator.function or node.op,)
    roles: tuple[Text, ...] = tuple((symbol,) for symbol in symbols)
    return Figure(Kind.ELEMENTWISE, node.op, roles, len(node.args), name, tooltip=tooltip)


def _state_figure(cell: Cell, symbol: Symbol, num_arguments: int) -> Figure:
    """An input, or a state before or after the step."""
    rows: tuple[Text, ...] = ((symbol,),)
    if symbol.base == "x":
        return Figure(Kind.INPUT, "", rows, num_arguments, variant=int(symbol.index != ("t",)))
    if symbol.base == "h":
        return Figure(Kind.HIDDEN, "", rows, num_arguments)
    return Figure(Kind.MEMORY, "", rows, num_arguments, variant=cell.memories.index(symbol.base))


def _operand(cell: Cell, argument: int, names: Names) -> str | Symbol:
    """What a matrix multiplies: a name where it has one, else a dot for the edge that comes in."""
    node = cell.nodes[argument]
    return source_symbol(node.op) if node.is_source else names.lines.get(argument, "·")
