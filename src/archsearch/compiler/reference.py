"""The definition of what a cell means: a NumPy interpreter in float64, one node after another.

Slow on purpose; every backend is tested against it. It reads the cell, not the program, so that
it does not share the passes' mistakes.

Shapes: T time steps, B batch, X input features, H hidden features.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archsearch.cell.operators import OPERATORS, Arithmetic
from archsearch.cell.step import Step, shares_of_h
from archsearch.compiler.program import weight_slots

Array = NDArray[np.float64]
State = dict[str, Any]


def run(
    cell: Step,
    weights: Sequence[Array],
    biases: Sequence[Array],
    x: Array,
    state: Mapping[str, Any] | None = None,
    masks: Mapping[int, Array] | None = None,
) -> tuple[Array, State]:
    """Run the cell over x (T, B, X): h_t of every step (T, B, H), and the state after the last.

    weights: (H, width of the operand) each, biases: (H,) each, in canonical order.
    state: "h" and the memories (B, H); "x", the input (B, X) of the step before; "t", the number
    of steps since the state was zero. What is missing is zero. The result has all of them.
    masks: by weight, (B, H) factors of what that weight multiplies (recurrent dropout).
    """
    num_steps, batch, input_size = x.shape
    given = dict(state or {})
    shares = shares_of_h(cell.outputs)
    width = len(biases[0]) if biases else input_size
    if "h" in given:
        width = given["h"].shape[1] // len(shares)
    previous = {name: given.get(name, np.zeros((batch, width))) for name, _ in cell.outputs}
    previous["h"] = given.get("h", np.zeros((batch, len(shares) * width)))
    previous |= dict(zip(shares, np.split(previous["h"], len(shares), axis=1), strict=True))
    previous["x"] = given.get("x", np.zeros((batch, input_size)))
    first = int(given.get("t", 0))
    linears = _Linears(cell, weights, biases, masks or {})
    outputs = np.zeros((num_steps, batch, len(shares) * width))
    for t in range(num_steps):
        sources = {f"{name}_tm1": value for name, value in previous.items()} | {"x_t": x[t]}
        # A cell may diverge, which torch lets pass in silence; so does this.
        with np.errstate(over="ignore", invalid="ignore"):
            values = _step(cell, linears, sources, positional_encoding(first + t, width))
        previous = {name: values[node] for name, node in cell.outputs} | {"x": x[t]}
        outputs[t] = np.concatenate([previous[share] for share in shares], axis=1)
        previous["h"] = outputs[t]
    return outputs, previous | {"t": first + num_steps}


def _step(
    cell: Step, linears: "_Linears", sources: Mapping[str, Array], encoding: Array
) -> list[Array]:
    """The value of every node."""
    arithmetic = NumPyArithmetic(encoding)
    values: list[Array] = []
    for i, node in enumerate(cell.nodes):
        arguments = [values[a] for a in node.args]
        if node.op in sources:
            values.append(sources[node.op])
        elif node.op == "Linear":
            values.append(linears.apply(i, arguments))
        else:
            value = OPERATORS[node.op].value
            assert value is not None
            values.append(value(arithmetic, *arguments))
    return values


class _Linears:
    """The Linear nodes of a cell, by node, with their weights, biases and masks."""

    def __init__(
        self,
        cell: Step,
        weights: Sequence[Array],
        biases: Sequence[Array],
        masks: Mapping[int, Array],
    ) -> None:
        self._bias = dict(zip(cell.linears, biases, strict=True))
        self._factors: dict[int, list[tuple[Array, Array | float]]] = {}
        for number, (linear, _) in enumerate(weight_slots(cell)):
            factors = self._factors.setdefault(cell.linears[linear], [])
            factors.append((weights[number], masks.get(number, 1.0)))

    def apply(self, node: int, arguments: list[Array]) -> Array:
        total = self._bias[node]
        for argument, (weight, mask) in zip(arguments, self._factors[node], strict=True):
            total = total + (argument * mask) @ weight.T
        return total


def positional_encoding(t: int, width: int) -> Array:
    """p(t), (H,): sin(t / 10000^(i/H)) at even features i, the cosine of the same at i + 1.

    Source: Vaswani et al. 2017, section 3.5. t counts from 0 at the step whose state is zero.
    """
    feature = np.arange(width)
    angle = t / 10000.0 ** ((feature - feature % 2) / width)
    return np.where(feature % 2 == 0, np.sin(angle), np.cos(angle))


class NumPyArithmetic(Arithmetic):
    """The operators' arithmetic over float64 arrays, at one time step."""

    def __init__(self, encoding: Array) -> None:
        self._encoding = encoding

    def function(self, name: str, a: Array) -> Array:
        value: Array = getattr(np, name)(a)
        return value

    def sigmoid(self, a: Array) -> Array:
        # σ(a) = ½ (1 + tanh ½a) cannot overflow, but loses small values; eᵃ of −|a| does neither.
        small = np.exp(-np.abs(a))
        return np.where(a >= 0, 1.0, small) / (1.0 + small)

    def rsqrt(self, a: Array) -> Array:
        return 1.0 / np.sqrt(a)

    def where_positive(self, condition: Array, then: Array, otherwise: Array) -> Array:
        return np.where(condition > 0, then, otherwise)

    def mean(self, a: Array) -> Array:
        return np.asarray(a.mean(axis=-1, keepdims=True))

    def position(self, a: Array) -> Array:
        return np.broadcast_to(self._encoding, a.shape)
