"""A cell as the system of equations that a paper would print."""

from archsearch.cell.cell import Cell
from archsearch.cell.node import Node
from archsearch.cell.operators import OPERATORS
from archsearch.drawing.formula import (
    LATEX,
    Binding,
    Formula,
    Notation,
    applied,
    function_text,
    latex_of,
    notation_of,
    system,
)
from archsearch.drawing.naming import Names, name_nodes, print_order
from archsearch.drawing.notation import Symbol, source_symbol


def equations(cell: Cell, style: str = "unicode") -> str:
    """The cell's equations, one a line, then what their symbols leave unsaid.

    style: "unicode" for plain text, "latex" for an `aligned` environment (amsmath, math mode).
    W_f, U_f and b_f belong to the equation of f; W₃, U₃ and b₃ to the third Linear of the cell.
    """
    names, notation = name_nodes(cell), notation_of(style)
    return system(_lines(cell, names, notation), notation, _notes(cell, names, notation))


def _lines(cell: Cell, names: Names, notation: Notation) -> list[tuple[str, str]]:
    """Left and right side of each equation, what is used before what uses it."""
    printed: list[Formula] = []
    lines: dict[int, tuple[str, str]] = {}
    for i in range(len(cell.nodes)):
        expression = _print(cell, i, printed, names, notation)
        if i in names.lines:
            left = notation.symbol(names.lines[i])
            lines[i] = left, expression.text
            expression = Formula(left, Binding.ATOM, notation)
        printed.append(expression)
    in_order = [lines[i] for i in names.lines]
    for name, i in cell.outputs:
        left = notation.symbol(Symbol(name, ("t",)))
        if printed[i].text != left:
            in_order.append((left, printed[i].text))
    return in_order


def _print(cell: Cell, i: int, printed: list[Formula], names: Names, notation: Notation) -> Formula:
    """Node i in terms of its arguments' texts, or of their names where they have a line."""
    node = cell.nodes[i]
    if node.is_source:
        return Formula(notation.symbol(source_symbol(node.op)), Binding.ATOM, notation)
    if node.op == "Linear":
        return _print_linear(i, [printed[argument] for argument in node.args], names, notation)
    arguments = [printed[argument] for argument in reading_order(cell, node)]
    return applied(node.op, arguments, notation)


def _print_linear(i: int, arguments: list[Formula], names: Names, notation: Notation) -> Formula:
    weights = names.weights[i]
    terms = [
        f"{notation.symbol(weights.matrices[position])} {arguments[position].within(Binding.ATOM)}"
        for position in print_order(weights)
    ]
    terms.append(notation.symbol(weights.bias))
    return Formula(" + ".join(terms), Binding.SUM, notation)


def reading_order(cell: Cell, node: Node) -> list[int]:
    """Arguments of sums and products as papers write them: f ∘ c_{t−1}, W x_t + U (r ∘ h)."""
    ranks = {"Add": _sum_rank, "Mult": _product_rank}
    if node.op not in ranks:
        return list(node.args)
    return sorted(node.args, key=lambda argument: ranks[node.op](cell, argument))


def _product_rank(cell: Cell, argument: int) -> int:
    """Gates first."""
    return 0 if cell.nodes[argument].op in ("Sigmoid", "OneMinus") else 1


def _sum_rank(cell: Cell, argument: int) -> int:
    """Matrix products, then what is kept of the past, then what is new, then complements."""
    node = cell.nodes[argument]
    if node.op == "Linear":
        return 0
    inner = [cell.nodes[i].op for i in node.args] if node.op == "Mult" else []
    if "OneMinus" in inner:
        return 3
    return 1 if any(op.endswith("_tm1") for op in inner) else 2


def _notes(cell: Cell, names: Names, notation: Notation) -> list[str]:
    """What the equations leave unsaid: initial biases, linear maps of sources, signs."""
    words, symbol = notation.words, notation.symbol
    used = {node.op for node in cell.nodes}
    operators = [operator for name, operator in OPERATORS.items() if name in used]
    notes = [
        f"{symbol(weights.bias)}{words(' starts at ')}{cell.nodes[linear].bias:g}"
        for linear, weights in names.weights.items()
        if cell.nodes[linear].bias != 0.0
    ]
    notes += [
        f"{symbol(source_symbol(source))}{words(' outside matrix products: ')}"
        f"{words('a linear map of it where its width is not that of ')}"
        f"{symbol(source_symbol('h_t'))}"
        for source in cell.elementwise_sources
    ]
    for operator in operators:
        if operator.is_infix:
            formula = latex_of(operator.formula) if notation is LATEX else operator.formula
            notes.append(f"a {function_text(operator, notation)} b = {formula}")
    for operator in operators:
        if operator.reads_time:
            encoding = f"positional encoding of step t ({operator.source})"
            notes.append(f"{notation.position}{words(': ' + encoding)}")
            break
    return notes
