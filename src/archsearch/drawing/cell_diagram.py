"""A cell as a diagram.

Each node of the cell is one figure, shared nodes included; each output is one more, at the end, so
that a state enters on the left as c_{t−1} and leaves on the right as c_t.
"""

from archsearch.cell.cell import Cell
from archsearch.cell.operators import OPERATORS
from archsearch.drawing.cell_equations import equations
from archsearch.drawing.diagram import Diagram, Edge, Figure, Kind, Text, plain
from archsearch.drawing.naming import Names, name_nodes
from archsearch.drawing.notation import Symbol, source_symbol

INPUT = Kind("input", "input", "#dcecf7", "#0072b2", "#0072b2")
PAST_INPUT = Kind("input", "input", "#e9f5fd", "#3f9fd8", "#3f9fd8")
HIDDEN = Kind("hidden", "hidden state", "#fbe3d3", "#d55e00", "#d55e00")
MEMORIES = tuple(
    Kind("memory", "memory", fill, colour, colour, shape="cylinder")
    for fill, colour in (("#d5efe5", "#009e73"), ("#f6e2ee", "#b8588e"), ("#fdefcf", "#d29000"))
)
PRODUCT = Kind("product", "matrix products + bias", "#fbf3b4", "#8a7a00", "#555555", 0)
ELEMENTWISE = Kind(
    "elementwise", "elementwise", "#ffffff", "#444444", "#555555", 17, shape="ellipse"
)


def diagram(cell: Cell) -> Diagram:
    """The figures and edges of a drawing of the cell."""
    names = name_nodes(cell)
    outputs = {node for _, node in cell.outputs}
    figures = [_node_figure(cell, i, names, i in outputs) for i in range(len(cell.nodes))]
    edges = [
        Edge(source, target, argument, _role(node.op, argument))
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
        f"Recurrent cell {cell.key}",
        equations(cell),
        tuple(figures),
        tuple(edges),
        tuple(range(len(cell.nodes), len(figures))),
        tuple(recurrences),
    )


def _node_figure(cell: Cell, i: int, names: Names, is_output: bool) -> Figure:
    node = cell.nodes[i]
    if node.is_source:
        return _state_figure(cell, source_symbol(node.op), 0)
    operator = OPERATORS[node.op]
    name = None if is_output else names.lines.get(i)
    tooltip = f"{node.op}: {operator.formula}"
    rows: tuple[Text, ...]
    if node.op == "Linear":
        rows = tuple(
            (matrix, " ", _operand(cell, argument, names))
            for matrix, argument in zip(names.weights[i].matrices, node.args, strict=True)
        )
        footer = f"bias {node.bias:g}" if node.bias != 0.0 else ""
        label = " + ".join(map(plain, rows)) + (f" ({footer})" if footer else "")
        return Figure(PRODUCT, rows, label, len(rows), True, False, name, footer, tooltip)
    symbols = operator.symbols or (operator.function or node.op,)
    rows = tuple((symbol,) for symbol in symbols)
    by_argument = len(symbols) > 1
    label = node.op if by_argument else symbols[0]
    return Figure(
        ELEMENTWISE, rows, label, len(node.args), by_argument, not by_argument, name,
        tooltip=tooltip,
    )  # fmt: skip


def _role(op: str, argument: int) -> str:
    """What an operator with a symbol for each argument does to this one."""
    symbols = OPERATORS[op].symbols
    return symbols[argument] if len(symbols) > 1 else ""


def _state_figure(cell: Cell, symbol: Symbol, num_arguments: int) -> Figure:
    """An input, or a state before or after the step."""
    if symbol.base == "x":
        kind = INPUT if symbol.index == ("t",) else PAST_INPUT
    elif symbol.base == "h":
        kind = HIDDEN
    else:
        kind = MEMORIES[cell.memories.index(symbol.base) % len(MEMORIES)]
    return Figure(kind, ((symbol,),), symbol.unicode(), num_arguments)


def _operand(cell: Cell, argument: int, names: Names) -> str | Symbol:
    """What a matrix multiplies: a name where it has one, else a dot for the edge that comes in."""
    node = cell.nodes[argument]
    return source_symbol(node.op) if node.is_source else names.lines.get(argument, "·")
