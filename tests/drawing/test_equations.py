"""Equations: golden texts, and a reader that computes from them what the cell computes."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from archsearch.cell import OPERATORS, Cell, CellError, Node, parse, zoo
from archsearch.drawing.naming import name_nodes
from archsearch.drawing.notation import label_symbol

LSTM = """\
f_t = σ(W_f x_t + U_f h_{t−1} + b_f)
i_t = σ(W_i x_t + U_i h_{t−1} + b_i)
g_t = tanh(W_g x_t + U_g h_{t−1} + b_g)
o_t = σ(W_o x_t + U_o h_{t−1} + b_o)
c_t = f_t ∘ c_{t−1} + i_t ∘ g_t
h_t = o_t ∘ tanh(c_t)"""
LSTM_LATEX = r"""\begin{aligned}
f_t &= \sigma(W_f x_t + U_f h_{t-1} + b_f) \\
i_t &= \sigma(W_i x_t + U_i h_{t-1} + b_i) \\
g_t &= \tanh(W_g x_t + U_g h_{t-1} + b_g) \\
o_t &= \sigma(W_o x_t + U_o h_{t-1} + b_o) \\
c_t &= f_t \circ c_{t-1} + i_t \circ g_t \\
h_t &= o_t \circ \tanh(c_t)
\end{aligned}"""
GRU = """\
r_t = σ(W_r x_t + U_r h_{t−1} + b_r)
z_t = σ(W_z x_t + U_z h_{t−1} + b_z)
n_t = tanh(W_{n,1} x_t + b_{n,1} + r_t ∘ (U_{n,2} h_{t−1} + b_{n,2}))
h_t = z_t ∘ h_{t−1} + (1 − z_t) ∘ n_t"""
GRU_LATEX = r"""\begin{aligned}
r_t &= \sigma(W_r x_t + U_r h_{t-1} + b_r) \\
z_t &= \sigma(W_z x_t + U_z h_{t-1} + b_z) \\
n_t &= \tanh(W_{n,1} x_t + b_{n,1} + r_t \circ (U_{n,2} h_{t-1} + b_{n,2})) \\
h_t &= z_t \circ h_{t-1} + (1 - z_t) \circ n_t
\end{aligned}"""


@pytest.mark.parametrize(
    ("name", "style", "expected"),
    [
        ("rnn", "unicode", "h_t = tanh(W x_t + U h_{t−1} + b)"),
        ("lstm", "unicode", LSTM),
        ("lstm", "latex", LSTM_LATEX),
        ("gru", "unicode", GRU),
        ("gru", "latex", GRU_LATEX),
    ],
)
def test_prints_published_cells_as_papers_do(name: str, style: str, expected: str) -> None:
    assert zoo[name].equations(style) == expected


def test_says_what_the_equations_leave_unsaid() -> None:
    assert zoo["lstm_b"].equations() == LSTM + "\n\nb_f starts at 1"
    assert r"& b_f\text{ starts at }1" in zoo["lstm_b"].equations("latex")
    assert "x_t outside matrix products: a linear map of it" in zoo["mut1"].equations()
    assert "outside" not in zoo["mut1"].with_linear_sources().equations()
    assert "a ⊘ b = a ∘ b / (b² + 10⁻⁴)" in parse("Div(x_t, h_tm1)").equations()
    assert "PE(t): positional encoding of step t" in parse("PosEnc(h_tm1)").equations()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sub(x_t, Sub(h_tm1, x_tm1))", "h_t = x_t − (h_{t−1} − x_{t−1})"),
        ("Sub(Sub(x_t, h_tm1), x_tm1)", "h_t = x_t − h_{t−1} − x_{t−1}"),
        ("Sub(x_t, OneMinus(h_tm1))", "h_t = x_t − (1 − h_{t−1})"),
        ("OneMinus(Mult(x_t, h_tm1))", "h_t = 1 − x_t ∘ h_{t−1}"),
        ("OneMinus(Sub(x_t, h_tm1))", "h_t = 1 − (x_t − h_{t−1})"),
        ("Add(OneMinus(x_t), h_tm1)", "h_t = h_{t−1} + (1 − x_t)"),
        ("Div(Div(x_t, h_tm1), x_tm1)", "h_t = (x_t ⊘ h_{t−1}) ⊘ x_{t−1}"),
        ("Div(Mult(x_t, h_tm1), x_tm1)", "h_t = (x_t ∘ h_{t−1}) ⊘ x_{t−1}"),
        ("Div(x_t, Mult(h_tm1, x_tm1))", "h_t = x_t ⊘ (x_{t−1} ∘ h_{t−1})"),
        ("Mult(x_t, Div(h_tm1, x_tm1))", "h_t = x_t ∘ (h_{t−1} ⊘ x_{t−1})"),
        ("Mult(Identity(Sub(x_t, h_tm1)), h_tm1)", "h_t = h_{t−1} ∘ (x_t − h_{t−1})"),
        ("Linear(Mult(x_t, h_tm1))", "h_t = U (x_t ∘ h_{t−1}) + b"),
        ("Linear(x_t, x_t, x_tm1)", "h_t = W x_t + U x_t + V x_{t−1} + b"),
        ("Identity(h_tm1)", "h_t = h_{t−1}"),
        (
            "Gate3(x_t, Sub(x_t, h_tm1), Linear(x_t))",
            "a₁  = W x_t + b\nh_t = σ(a₁) ∘ x_t + (1 − σ(a₁)) ∘ (x_t − h_{t−1})",
        ),
        ("Blend(x_t, h_tm1, x_tm1)", "h_t = x_t ∘ h_{t−1} + (1 − x_t) ∘ x_{t−1}"),
    ],
)
def test_puts_parentheses_where_they_matter(text: str, expected: str) -> None:
    assert parse(text).equations().split("\n\n")[0] == expected


def test_equations_mean_what_the_cell_means(
    random_graph: Callable[[random.Random], tuple[list[Node], list[tuple[str, int]]]],
) -> None:
    rng = random.Random(1)
    cells = list(zoo.values())
    while len(cells) < 120:
        try:
            cells.append(Cell.build(*random_graph(rng)))
        except CellError:
            continue
    for cell in cells:
        assert _read(cell) == _compute(cell), cell.equations()


def test_long_expressions_are_broken_into_lines() -> None:
    text = "Tanh(Linear(x_t, h_tm1))"
    for _ in range(40):
        text = f"Tanh(Add(Linear(x_t, h_tm1), Mult(Sigmoid(Linear(h_tm1)), {text})))"
    assert max(map(len, parse(text).equations().splitlines())) < 120


def test_a_label_that_means_something_else_gets_a_prime() -> None:
    cell = parse("c = Sin(x_t); h = Tanh(c); c_t = Add(c_tm1, c); h_t = Mult(c_t, h)")
    assert cell.equations().split("\n\n")[0] == (
        "c′_t = sin(x_t)\nc_t  = c_{t−1} + c′_t\nh′_t = tanh(c′_t)\nh_t  = c_t ∘ h′_t"
    )
    assert "c'_t &= \\sin(x_t)" in cell.equations("latex")


@pytest.mark.parametrize(
    ("label", "plain", "latex"),
    [
        ("f", "f_t", "f_t"),
        ("z1", "z_{1,t}", "z_{1,t}"),
        ("forget_gate", "forget_gate_t", r"\mathit{forget\_gate}_t"),
    ],
)
def test_labels_are_symbols(label: str, plain: str, latex: str) -> None:
    symbol = label_symbol(label)
    assert (symbol.unicode(), symbol.latex()) == (plain, latex)


def test_unknown_style_is_an_error_that_names_the_styles() -> None:
    with pytest.raises(ValueError, match='expected "unicode" or "latex", got \'html\''):
        zoo["rnn"].equations("html")  # type: ignore[arg-type]


# A second meaning of everything, exact and without special values: numbers modulo a prime, with
# arbitrary polynomials for the functions. Two expressions that agree on it are the same formula,
# up to the laws of +, − and ∘.
PRIME = 2**61 - 1


@dataclass(frozen=True)
class Number:
    value: int

    def __add__(self, other: "Number") -> "Number":
        return Number((self.value + other.value) % PRIME)

    def __sub__(self, other: "Number") -> "Number":
        return Number((self.value - other.value) % PRIME)

    def __mul__(self, other: "Number") -> "Number":
        return Number(self.value * other.value % PRIME)

    def __truediv__(self, other: "Number") -> "Number":
        return self * other * Number(pow(other.value**2 + 3, -1, PRIME))


@dataclass(frozen=True)
class Matrix:
    """A map that is not linear, so that W (a ∘ b) and (W a) ∘ b differ."""

    value: int

    def __matmul__(self, other: Number) -> Number:
        return Number(pow(other.value + self.value, 3, PRIME))


ONE = Number(1)
ENCODING = Number(123456789)
UNARY = ["Sigmoid", "Tanh", "ReLU", "LeakyReLU", "SeLU", "Sin", "Cos", "LayerNorm"]
PRINTED_NAMES = dict(
    zip(["σ", "tanh", "ReLU", "LeakyReLU", "SeLU", "sin", "cos", "LayerNorm"], UNARY, strict=True)
)


def _unary(op: str) -> Callable[[Number], Number]:
    shift = UNARY.index(op) + 2
    return lambda a: Number(pow(a.value + shift, 3, PRIME))


def _max(a: Number, b: Number) -> Number:
    return (a * b + ONE) * (a + b)


def _names_and_values(cell: Cell) -> dict[str, Number | Matrix]:
    """A value for every symbol that the equations use without defining it."""
    rng = random.Random(cell.key)
    values: dict[str, Number | Matrix] = {}
    for weights in name_nodes(cell).weights.values():
        for matrix in weights.matrices:
            values[matrix.unicode()] = Matrix(rng.randrange(PRIME))
        values[weights.bias.unicode()] = Number(rng.randrange(PRIME))
    for node in cell.nodes:
        if node.is_source:
            name = node.op.replace("_tm1", "_{t−1}")
            values[name] = Number(rng.randrange(PRIME))
    return values


def _read(cell: Cell) -> dict[str, Number]:
    """The outputs by the printed equations."""
    symbol = r"[A-Za-z]\w*?(?:′*_\{[^}]*\}|′*_[A-Za-z]+|[₀-₉]+)?(?![\w₀-₉])"
    token = re.compile(rf"PE\(t\)|\w+(?=\()|σ(?=\()|{symbol}|1|[()+−∘⊘,]")
    operators = {"−": "-", "∘": "*", "⊘": "/", "1": "ONE", "PE(t)": "ENCODING", "max": "_max"}
    values: dict[str, Number | Matrix] = _names_and_values(cell)
    for line in cell.equations().split("\n\n")[0].splitlines():
        left, right = line.split(" = ")
        code = []
        for part in token.findall(right):
            if part in PRINTED_NAMES:
                code.append(f"_unary({PRINTED_NAMES[part]!r})")
            elif part in operators or part in "()+,":
                code.append(operators.get(part, part))
            else:
                code.append(f"values[{part!r}]")
                if isinstance(values[part], Matrix):
                    code.append("@")
        scope = {"values": values, "_unary": _unary, "_max": _max}
        values[left.strip()] = eval("".join(code), scope | {"ONE": ONE, "ENCODING": ENCODING})
    return {name: values[f"{name}_t"] for name, _ in cell.outputs}  # type: ignore[misc]


def _compute(cell: Cell) -> dict[str, Number]:
    """The outputs by the cell's graph."""
    values = _names_and_values(cell)
    weights = name_nodes(cell).weights
    results: list[Number] = []
    for i, node in enumerate(cell.nodes):
        args = [results[argument] for argument in node.args]
        if node.is_source:
            result = values[node.op.replace("_tm1", "_{t−1}")]
        elif node.op == "Linear":
            result = values[weights[i].bias.unicode()]
            for matrix, argument in zip(weights[i].matrices, args, strict=True):
                result += values[matrix.unicode()] @ argument
        elif node.op in UNARY:
            result = _unary(node.op)(*args)
        else:
            result = _ELEMENTWISE[node.op](*args)
        results.append(result)
    return {name: results[i] for name, i in cell.outputs}


_ELEMENTWISE: dict[str, Callable[..., Number]] = {
    "Add": lambda a, b: a + b,
    "Mult": lambda a, b: a * b,
    "Sub": lambda a, b: a - b,
    "Div": lambda a, b: a / b,
    "Max": _max,
    "Gate3": lambda a, b, c: _unary("Sigmoid")(c) * a + (ONE - _unary("Sigmoid")(c)) * b,
    "Blend": lambda a, b, c: a * b + (ONE - a) * c,
    "OneMinus": lambda a: ONE - a,
    "Identity": lambda a: a,
    "PosEnc": lambda a: a + ENCODING,
}


def test_the_second_meaning_covers_the_language() -> None:
    assert {"Linear", *UNARY, *_ELEMENTWISE} == set(OPERATORS)
