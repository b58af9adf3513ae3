"""A cell as the system of equations that a paper would print."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from archsearch.cell.cell import Cell
from archsearch.cell.node import Node
from archsearch.cell.operators import OPERATORS
from archsearch.drawing.naming import Names, name_nodes, print_order
from archsearch.drawing.notation import Symbol, escape_latex, source_symbol


class Binding(IntEnum):
    """How tightly the outermost operation of a printed expression binds."""

    DIFFERENCE = 0  # 1 − a: bare only where nothing stands beside it
    SUM = 1
    QUOTIENT = 2  # a ⊘ b is not associative with ∘, so it gets parentheses in products
    PRODUCT = 3
    ATOM = 4


@dataclass(frozen=True, slots=True)
class Printed:
    """An expression as text."""

    text: str
    binding: Binding

    def within(self, weakest: Binding) -> str:
        """The text, in parentheses where it binds more weakly than its place allows."""
        return self.text if self.binding >= weakest else f"({self.text})"


@dataclass(frozen=True, slots=True)
class Notation:
    """The spelling of everything that is not a name."""

    symbol: Callable[[Symbol], str]
    times: str
    minus: str
    divided: str
    encoding: str
    division: str
    words: Callable[[str], str]
    functions: dict[str, str]


_FUNCTIONS = {
    "Sigmoid": "σ",
    "Tanh": "tanh",
    "ReLU": "ReLU",
    "LeakyReLU": "LeakyReLU",
    "SeLU": "SeLU",
    "Sin": "sin",
    "Cos": "cos",
    "Max": "max",
    "LayerNorm": "LayerNorm",
}
UNICODE = Notation(
    symbol=Symbol.unicode,
    times="∘",
    minus="−",
    divided="⊘",
    encoding="PE(t)",
    division=f"a ⊘ b = {OPERATORS['Div'].formula}",
    words=str,
    functions=_FUNCTIONS,
)
LATEX = Notation(
    symbol=Symbol.latex,
    times=r"\circ",
    minus="-",
    divided=r"\oslash",
    encoding=r"\operatorname{PE}(t)",
    division=r"a \oslash b = a \circ b / (b^2 + 10^{-4})",
    words=lambda text: rf"\text{{{escape_latex(text)}}}",
    functions={
        **{name: rf"\operatorname{{{text}}}" for name, text in _FUNCTIONS.items()},
        **{"Sigmoid": r"\sigma", "Tanh": r"\tanh", "Sin": r"\sin", "Cos": r"\cos", "Max": r"\max"},
    },
)


def equations(cell: Cell, style: str = "unicode") -> str:
    """The cell's equations, one a line, then what their symbols leave unsaid.

    style: "unicode" for plain text, "latex" for an `aligned` environment (amsmath, math mode).
    W_f, U_f and b_f belong to the equation of f; W₃, U₃ and b₃ to the third Linear of the cell.
    """
    if style not in ("unicode", "latex"):
        raise ValueError(f'style of equations: expected "unicode" or "latex", got {style!r}')
    names = name_nodes(cell)
    notation = LATEX if style == "latex" else UNICODE
    lines, notes = _lines(cell, names, notation), _notes(cell, names, notation)
    if style == "latex":
        rows = [f"{left} &= {right}" for left, right in lines] + [f"& {note}" for note in notes]
        return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"
    width = max(len(left) for left, _ in lines)
    rows = [f"{left:<{width}} = {right}" for left, right in lines]
    return "\n".join([*rows, "", *notes] if notes else rows)


def _lines(cell: Cell, names: Names, notation: Notation) -> list[tuple[str, str]]:
    """Left and right side of each equation, what is used before what uses it."""
    printed: list[Printed] = []
    lines: dict[int, tuple[str, str]] = {}
    for i in range(len(cell.nodes)):
        expression = _print(cell, i, printed, names, notation)
        if i in names.lines:
            left = notation.symbol(names.lines[i])
            lines[i] = left, expression.text
            expression = Printed(left, Binding.ATOM)
        printed.append(expression)
    in_order = [lines[i] for i in names.lines]
    for name, i in cell.outputs:
        left = notation.symbol(Symbol(name, ("t",)))
        if printed[i].text != left:
            in_order.append((left, printed[i].text))
    return in_order


def _print(cell: Cell, i: int, printed: list[Printed], names: Names, notation: Notation) -> Printed:
    """Node i in terms of its arguments' texts, or of their names where they have a line."""
    node = cell.nodes[i]
    if node.is_source:
        return Printed(notation.symbol(source_symbol(node.op)), Binding.ATOM)
    arguments = [printed[argument] for argument in node.args]
    if node.op == "Linear":
        return _print_linear(i, arguments, names, notation)
    if node.op in ("Add", "Mult"):
        arguments = [printed[argument] for argument in reading_order(cell, node)]
    return _print_elementwise(node.op, arguments, notation)


def _print_linear(i: int, arguments: list[Printed], names: Names, notation: Notation) -> Printed:
    weights = names.weights[i]
    terms = [
        f"{notation.symbol(weights.matrices[position])} {arguments[position].within(Binding.ATOM)}"
        for position in print_order(weights)
    ]
    return Printed(" + ".join([*terms, notation.symbol(weights.bias)]), Binding.SUM)


def _print_elementwise(op: str, arguments: list[Printed], notation: Notation) -> Printed:
    times, minus = notation.times, notation.minus

    def side(position: int, weakest: Binding) -> str:
        return arguments[position].within(weakest)

    def blend(gate: Printed, kept: str, other: str) -> Printed:
        """gate ∘ kept + (1 − gate) ∘ other."""
        text = (
            f"{gate.within(Binding.PRODUCT)} {times} {kept}"
            f" + (1 {minus} {gate.within(Binding.PRODUCT)}) {times} {other}"
        )
        return Printed(text, Binding.SUM)

    match op:
        case "Add":
            return Printed(f"{side(0, Binding.SUM)} + {side(1, Binding.SUM)}", Binding.SUM)
        case "Sub":
            text = f"{side(0, Binding.SUM)} {minus} {side(1, Binding.QUOTIENT)}"
            return Printed(text, Binding.SUM)
        case "Mult":
            text = f"{side(0, Binding.PRODUCT)} {times} {side(1, Binding.PRODUCT)}"
            return Printed(text, Binding.PRODUCT)
        case "Div":
            text = f"{side(0, Binding.ATOM)} {notation.divided} {side(1, Binding.ATOM)}"
            return Printed(text, Binding.QUOTIENT)
        case "OneMinus":
            return Printed(f"1 {minus} {side(0, Binding.QUOTIENT)}", Binding.DIFFERENCE)
        case "PosEnc":
            return Printed(f"{side(0, Binding.SUM)} + {notation.encoding}", Binding.SUM)
        case "Identity":
            return arguments[0]
        case "Gate3":
            gate = Printed(f"{notation.functions['Sigmoid']}({arguments[2].text})", Binding.ATOM)
            return blend(gate, side(0, Binding.PRODUCT), side(1, Binding.PRODUCT))
        case "Blend":
            return blend(arguments[0], side(1, Binding.PRODUCT), side(2, Binding.PRODUCT))
        case _:
            inner = ", ".join(argument.text for argument in arguments)
            return Printed(f"{notation.functions[op]}({inner})", Binding.ATOM)


def reading_order(cell: Cell, node: Node) -> list[int]:
    """Arguments of a commutative operator as papers write them: f ∘ c_{t−1}, W x_t + U (r ∘ h)."""
    rank = _sum_rank if node.op == "Add" else _product_rank
    return sorted(node.args, key=lambda argument: rank(cell, argument))


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
    """What the equations leave unsaid: initial biases, linear maps of sources, guarded division."""
    words, symbol = notation.words, notation.symbol
    operators = {node.op for node in cell.nodes}
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
    if "Div" in operators:
        notes.append(notation.division)
    if "PosEnc" in operators:
        encoding = f"positional encoding of step t ({OPERATORS['PosEnc'].source})"
        notes.append(f"{notation.encoding}{words(': ' + encoding)}")
    return notes
