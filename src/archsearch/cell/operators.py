"""The operators of the cell language: one table that every part of archsearch reads.

Each elementwise operator is written once, as a function over an `Arithmetic`. NumPy arrays (the
reference), torch tensors (the plain backend), symbols (generated kernels) and texts (equations and
exported code) are arithmetics, so in all of them an operator means the same by construction.

Shapes: every argument and result is (..., H); H is the width of the hidden state. Only `Linear`
accepts arguments of another width.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

# A value of whatever kind an arithmetic computes with; it supports +, -, *, / and unary minus.
Value = Any


class Arithmetic(ABC):
    """The functions beyond + - * / that the operators are made of."""

    @abstractmethod
    def function(self, name: str, a: Value) -> Value:
        """The function that one of the next six methods is called by, of a."""

    def exp(self, a: Value) -> Value:
        return self.function("exp", a)

    def tanh(self, a: Value) -> Value:
        return self.function("tanh", a)

    def sigmoid(self, a: Value) -> Value:
        return self.function("sigmoid", a)

    def sin(self, a: Value) -> Value:
        return self.function("sin", a)

    def cos(self, a: Value) -> Value:
        return self.function("cos", a)

    def rsqrt(self, a: Value) -> Value:
        """1 / √a."""
        return self.function("rsqrt", a)

    @abstractmethod
    def where_positive(self, condition: Value, then: Value, otherwise: Value) -> Value:
        """`then` where condition > 0, `otherwise` elsewhere."""

    @abstractmethod
    def mean(self, a: Value) -> Value:
        """The mean over the H features, kept as a last axis of length 1 (broadcasts back)."""

    @abstractmethod
    def position(self, a: Value) -> Value:
        """The positional encoding of the current time step, broadcast to the shape of a."""


class Gate(NamedTuple):
    """An argument that steers how much of another one passes.

    sign: 1 where a gate that grows lets more pass, −1 where it lets less.
    squashed: whether the operator takes the gate's sigmoid itself.
    """

    gate: int
    value: int
    sign: float
    squashed: bool = False


@dataclass(frozen=True, slots=True)
class Operator:
    """All that archsearch knows of one operator.

    name: what the language calls it. formula: its meaning over a, b and c, for readers.
    value: `value(m, *args)` is the meaning under the arithmetic m; None for `Linear`, whose meaning
        needs weights.
    gradient: `gradient(m, g, y, *args)` is the vector-Jacobian product: from g, the gradient of the
        result y, the gradient of each argument; None for `Linear`.
    nonlinear: whether it is a nonlinearity, as spaces and predictors count them.
    function: what equations call it; "": they write its value out. One that is no word, such as
        ⊘, stands between its two arguments, and its formula below the equations.
    latex: the same in LaTeX, where that is no upright word.
    torch: the function of torch that is the same, or an expression over a, b and c; "": exported
        code writes the value out.
    symbols: what drawings show: one symbol, or one for each argument; none: its name.
    values: the arguments whose value comes through; the others only steer it.
    gates: see Gate.
    zeros: groups of arguments; where all of one group are 0, the value is.
    reads_time: whether it depends on the number of the time step.
    """

    name: str
    min_args: int
    max_args: int
    formula: str
    source: str
    value: Callable[..., Value] | None = None
    gradient: Callable[..., tuple[Value, ...]] | None = None
    commutative: bool = False
    nonlinear: bool = False
    function: str = ""
    latex: str = ""
    torch: str = ""
    symbols: tuple[str, ...] = ()
    values: tuple[int, ...] = ()
    gates: tuple[Gate, ...] = ()
    zeros: tuple[tuple[int, ...], ...] = ()
    reads_time: bool = False

    @property
    def is_infix(self) -> bool:
        """Whether equations write it as a sign between its arguments."""
        return self.function != "" and not self.function.isalpha()


# Div divides a by b as a·b / (b² + DIV_EPSILON): equal to a/b to 1% from |b| = 0.1 up, smooth
# everywhere, 0 at b = 0, and never larger than 50·|a|.
DIV_EPSILON = 1e-4
LEAKY_SLOPE = 0.01
LAYER_NORM_EPSILON = 1e-5
SELU_SCALE = 1.0507009873554805
SELU_ALPHA = 1.6732632423543772
MAX_LINEAR_ARGS = 8


def _layer_norm(m: Arithmetic, a: Value) -> Value:
    centred = a - m.mean(a)
    return centred * m.rsqrt(m.mean(centred * centred) + LAYER_NORM_EPSILON)


def _layer_norm_gradient(m: Arithmetic, g: Value, y: Value, a: Value) -> tuple[Value, ...]:
    centred = a - m.mean(a)
    scale = m.rsqrt(m.mean(centred * centred) + LAYER_NORM_EPSILON)
    return (scale * (g - m.mean(g) - y * m.mean(g * y)),)


def _selu(m: Arithmetic, a: Value) -> Value:
    # exp sees only the negative part, so that no large positive a overflows in the unused branch.
    negative = m.where_positive(a, 0.0 * a, a)
    return SELU_SCALE * m.where_positive(a, a, SELU_ALPHA * (m.exp(negative) - 1.0))


def _selu_gradient(m: Arithmetic, g: Value, y: Value, a: Value) -> tuple[Value, ...]:
    return (g * m.where_positive(a, SELU_SCALE + 0.0 * a, y + SELU_SCALE * SELU_ALPHA),)


def _div_gradient(m: Arithmetic, g: Value, y: Value, a: Value, b: Value) -> tuple[Value, ...]:
    square = b * b
    floor = square + DIV_EPSILON
    return g * b / floor, g * a * (DIV_EPSILON - square) / (floor * floor)


def _gate3(m: Arithmetic, x: Value, y: Value, f: Value) -> Value:
    gate = m.sigmoid(f)
    return gate * x + (1.0 - gate) * y


def _gate3_gradient(
    m: Arithmetic, g: Value, _: Value, x: Value, y: Value, f: Value
) -> tuple[Value, ...]:
    gate = m.sigmoid(f)
    return g * gate, g * (1.0 - gate), g * (x - y) * gate * (1.0 - gate)


_DSL = "Schrimpf et al. 2017, section 3.1"
_NAS = "Zoph & Le 2016, section 3.4"
_NAS_BENCH = "Klyuchnikov et al. 2020, section 2"

OPERATORS: dict[str, Operator] = {
    operator.name: operator
    for operator in (
        Operator(
            "Linear", 1, MAX_LINEAR_ARGS, "W₁a + W₂b + … + bias", _DSL + " (MM)", commutative=True
        ),
        Operator(
            "Add", 2, 2, "a + b", _DSL,
            lambda m, a, b: a + b,
            lambda m, g, y, a, b: (g, g),
            commutative=True, symbols=("+",), values=(0, 1), zeros=((0, 1),),
        ),
        Operator(
            "Mult", 2, 2, "a ∘ b", _DSL,
            lambda m, a, b: a * b,
            lambda m, g, y, a, b: (g * b, g * a),
            commutative=True, symbols=("×",), values=(0, 1), zeros=((0,), (1,)),
            gates=(Gate(0, 1, 1.0), Gate(1, 0, 1.0)),
        ),
        Operator(
            "Sub", 2, 2, "a − b", _DSL + ", extended",
            lambda m, a, b: a - b,
            lambda m, g, y, a, b: (g, -g),
            symbols=("+", "−"), values=(0, 1), zeros=((0, 1),),
        ),
        Operator(
            "Div", 2, 2, "a ∘ b / (b² + 10⁻⁴)", _DSL + ", extended",
            lambda m, a, b: a * b / (b * b + DIV_EPSILON),
            _div_gradient,
            function="⊘", latex=r"\oslash", symbols=("×", "÷"), zeros=((0,), (1,)),
        ),
        Operator(
            "Max", 2, 2, "max(a, b)", _NAS + ", control experiment 1",
            lambda m, a, b: m.where_positive(a - b, a, b),
            lambda m, g, y, a, b: (
                m.where_positive(a - b, g, 0.0 * g),
                m.where_positive(a - b, 0.0 * g, g),
            ),
            commutative=True, function="max", latex=r"\max", torch="torch.maximum",
            values=(0, 1), zeros=((0, 1),),
        ),
        Operator(
            "Gate3", 3, 3, "σ(c) ∘ a + (1 − σ(c)) ∘ b", _DSL,
            _gate3, _gate3_gradient, nonlinear=True,
            symbols=("g × ·", "(1−g) × ·", "g = σ(·)"), values=(0, 1), zeros=((0, 1),),
            gates=(Gate(2, 0, 1.0, squashed=True), Gate(2, 1, -1.0, squashed=True)),
        ),
        Operator(
            "Blend", 3, 3, "a ∘ b + (1 − a) ∘ c", _NAS_BENCH,
            lambda m, a, b, c: a * b + (1.0 - a) * c,
            lambda m, g, y, a, b, c: (g * (b - c), g * a, g * (1.0 - a)),
            symbols=("g = ·", "g × ·", "(1−g) × ·"), values=(1, 2), zeros=((1, 2),),
            gates=(Gate(0, 1, 1.0), Gate(0, 2, -1.0)),
        ),
        Operator(
            "OneMinus", 1, 1, "1 − a", "Cho et al. 2014, equation 7",
            lambda m, a: 1.0 - a,
            lambda m, g, y, a: (-g,),
            symbols=("1−",),
        ),
        Operator(
            "Sigmoid", 1, 1, "σ(a)", _DSL,
            lambda m, a: m.sigmoid(a),
            lambda m, g, y, a: (g * y * (1.0 - y),),
            nonlinear=True, symbols=("σ",),
        ),
        Operator(
            "Tanh", 1, 1, "tanh(a)", _DSL,
            lambda m, a: m.tanh(a),
            lambda m, g, y, a: (g * (1.0 - y * y),),
            nonlinear=True, symbols=("tanh",), values=(0,), zeros=((0,),),
        ),
        Operator(
            "ReLU", 1, 1, "max(a, 0)", _DSL,
            lambda m, a: m.where_positive(a, a, 0.0 * a),
            lambda m, g, y, a: (m.where_positive(a, g, 0.0 * g),),
            nonlinear=True, function="ReLU", torch="torch.relu", values=(0,), zeros=((0,),),
        ),
        Operator(
            "LeakyReLU", 1, 1, "max(a, 0.01 a)", _NAS_BENCH,
            lambda m, a: m.where_positive(a, a, LEAKY_SLOPE * a),
            lambda m, g, y, a: (m.where_positive(a, g, LEAKY_SLOPE * g),),
            nonlinear=True, function="LeakyReLU", torch="F.leaky_relu",
            symbols=("leaky ReLU",), values=(0,), zeros=((0,),),
        ),
        Operator(
            "SeLU", 1, 1, "1.0507 (a where a > 0, else 1.6733 (eᵃ − 1))",
            "Klambauer et al. 2017, equation 2",
            _selu, _selu_gradient,
            nonlinear=True, function="SeLU", torch="F.selu", values=(0,), zeros=((0,),),
        ),
        Operator(
            "Identity", 1, 1, "a", _NAS,
            lambda m, a: a,
            lambda m, g, y, a: (g,),
            symbols=("id",), values=(0,), zeros=((0,),),
        ),
        Operator(
            "Sin", 1, 1, "sin(a)", _DSL + ", extended",
            lambda m, a: m.sin(a),
            lambda m, g, y, a: (g * m.cos(a),),
            nonlinear=True, symbols=("sin",), zeros=((0,),),
        ),
        Operator(
            "Cos", 1, 1, "cos(a)", _DSL + ", extended",
            lambda m, a: m.cos(a),
            lambda m, g, y, a: (-g * m.sin(a),),
            nonlinear=True, symbols=("cos",),
        ),
        # Differs from Ba et al.: no gain and bias of its own; the Linear that follows has them.
        Operator(
            "LayerNorm", 1, 1, "(a − mean a) / √(var a + 10⁻⁵)", "Ba et al. 2016, equation 4",
            _layer_norm, _layer_norm_gradient,
            nonlinear=True, function="LayerNorm", torch="F.layer_norm(a, a.shape[-1:])",
            symbols=("norm",), values=(0,), zeros=((0,),),
        ),
        Operator(
            "PosEnc", 1, 1, "a + p(t)", "Vaswani et al. 2017, section 3.5",
            lambda m, a: a + m.position(a),
            lambda m, g, y, a: (g,),
            symbols=("+ PE(t)",), values=(0,), reads_time=True,
        ),
    )
}  # fmt: skip
