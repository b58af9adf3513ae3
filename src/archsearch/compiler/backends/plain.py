"""The plain backend: PyTorch operations under autograd, on whatever device and dtype.

The sequence section runs once, over all time steps; then a Python loop runs the step. Two things
make it fast: a product of the step is one `addmm` onto its hoisted start, and its weights get
their gradient in one product over all steps (`_defer_weight`).

Shapes: T time steps, B batch, X input features, H hidden features.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from operator import add
from typing import Any, cast

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from archsearch.cell.operators import OPERATORS
from archsearch.cell.step import Step
from archsearch.compiler.backends.backend import Backend, State, Weights
from archsearch.compiler.backends.torch_arithmetic import TorchArithmetic, positional_encodings
from archsearch.compiler.layout import Layout, layout
from archsearch.compiler.pipeline import compile
from archsearch.compiler.program import Apply, Product, Program, Source, Start, Sum

# An instruction of the step, bound to one forward call: fills in its value, given its operands'.
Call = Callable[[list[Tensor]], None]


class PlainBackend(Backend):
    """Interprets the program of a cell."""

    def __init__(self, cell: Step) -> None:
        super().__init__(cell)
        self._program = compile(cell)
        self._layout = layout(self._program)
        self._shares_of_h = self._program.states["h"]
        self._states = [
            (i, instruction.name.removesuffix("_tm1"))
            for i, instruction in enumerate(self._program.instructions)
            if isinstance(instruction, Source) and self._program.section(i) == "step"
        ]

    def run(self, x: Tensor, weights: Weights, state: Mapping[str, Tensor]) -> tuple[Tensor, State]:
        num_steps = len(x)
        arithmetic = TorchArithmetic()
        encodings: tuple[Tensor, ...] = ()
        if "t" in state:
            width = state["h"].shape[1] // len(self._shares_of_h)
            table = positional_encodings(int(state["t"]), num_steps, width, x)
            arithmetic.encoding = table[:, None]
            encodings = table.unbind(0)
        call = _ForwardCall(self._program, self._layout, weights, arithmetic)
        hoisted = call.run_sequence(x, state)
        instructions = call.bind_step(hoisted, x.shape[:2])

        rows = [(i, hoisted[i].unbind(0)) for i in self._layout.read]
        after = dict(state)
        self._share_out_h(after)
        history: list[Tensor] = []
        values = [x] * len(self._program.instructions)
        for t in range(num_steps):
            for i, name in self._states:
                values[i] = after[name]
            for i, row in rows:
                values[i] = row[t]
            if encodings:
                arithmetic.encoding = encodings[t]
            for instruction in instructions:
                instruction(values)
            for name, i in self._program.outputs:
                after[name] = values[i]
            if len(self._shares_of_h) > 1:
                after["h"] = torch.cat([after[share] for share in self._shares_of_h], 1)
            history.append(after["h"])
        if "x" in after:
            after["x"] = x[-1]
        if "t" in after:
            after["t"] = state["t"] + num_steps
        return torch.stack(history), {name: after[name] for name in state}

    def _share_out_h(self, state: State) -> None:
        """Let a state have the shares of its h too."""
        parts = state["h"].chunk(len(self._shares_of_h), 1)
        state.update(zip(self._shares_of_h, parts, strict=True))


@dataclass
class _ForwardCall:
    """The program with the weights of one forward call."""

    program: Program
    layout: Layout
    weights: Weights
    arithmetic: TorchArithmetic

    def run_sequence(self, x: Tensor, state: Mapping[str, Tensor]) -> dict[int, Tensor]:
        """The values of the sequence section, (T, B, ·).

        A wide product is kept as the slices of the layout, each under its first block.
        """
        values: dict[int, Tensor] = {}
        for i, instruction in enumerate(self.program.instructions[: self.program.num_sequence]):
            match instruction:
                case Source("x_t"):
                    values[i] = x
                case Source():
                    values[i] = torch.cat((state["x"][None], x[:-1]))
                case Product(operand):
                    values |= self._sequence_product(i, instruction, values[operand])
                case Sum(operands):
                    values[i] = _add_all(*[values[a] for a in operands])
                case Apply(name, operands):
                    values[i] = _operator(name)(self.arithmetic, *[values[a] for a in operands])
        return values

    def _sequence_product(self, i: int, product: Product, operand: Tensor) -> dict[int, Tensor]:
        start = self._start((product.starts,), {}, torch.Size(()))
        result = torch.addmm(start, operand.flatten(0, 1), self._weight(product).t())
        result = result.view(*operand.shape[:2], -1)
        if i not in self.layout.columns:
            return {i: result}
        first, counts = zip(*self.layout.columns[i], strict=True)
        width = result.shape[-1] // len(product.weights)
        slices = result.split_with_sizes([count * width for count in counts], -1)
        return dict(zip(first, slices, strict=True))

    def bind_step(self, hoisted: Mapping[int, Tensor], shape: torch.Size) -> list[Call]:
        """The instructions of the step section; shape is (T, B)."""
        calls: list[Call] = []
        for i in range(self.program.num_sequence, len(self.program.instructions)):
            match self.program.instructions[i]:
                case Product() as product:
                    start = self._start(self.layout.starts[i], hoisted, shape)
                    calls.append(self._step_product(i, product, start))
                case Sum(operands):
                    calls.append(_call(i, _add_all, operands))
                case Apply(name, operands):
                    calls.append(_call(i, partial(_operator(name), self.arithmetic), operands))
        return calls

    def _step_product(self, i: int, product: Product, start: Tensor) -> Call:
        weight = self._weight(product)
        operands: list[Tensor] | None = None
        if torch.is_grad_enabled() and weight.requires_grad:
            operands = []
            start = _defer_weight(start, weight, operands)
        starts = iter(start.unbind(0))
        transposed = weight.detach().t()
        mask = self.weights.masks.get(product.weights[0])
        num_weights = len(product.weights)

        def call(values: list[Tensor]) -> None:
            operand = values[product.operand]
            if mask is not None:
                operand = operand * mask
            if operands is not None:
                operands.append(operand.detach())
            result = torch.addmm(next(starts), operand, transposed)
            if num_weights == 1:
                values[i] = result
            else:
                values[i + 1 : i + 1 + num_weights] = result.chunk(num_weights, 1)

        return call

    def _weight(self, product: Product) -> Tensor:
        parts = [self.weights.matrices[weight] for weight in product.weights]
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _start(
        self, runs: Sequence[Sequence[Start]], hoisted: Mapping[int, Tensor], shape: torch.Size
    ) -> Tensor:
        """What a product starts from, (*shape, n·H)."""
        parts = []
        for run in runs:
            if run[0].value is not None:
                parts.append(hoisted[run[0].value])
            else:
                columns = torch.cat([self._bias(start) for start in run])
                parts.append(columns.expand(*shape, -1))
        return parts[0] if len(parts) == 1 else torch.cat(parts, -1)

    def _bias(self, start: Start) -> Tensor:
        if start.bias is None:
            return torch.zeros_like(self.weights.biases[0])
        return self.weights.biases[start.bias]


def _operator(name: str) -> Callable[..., Tensor]:
    value = OPERATORS[name].value
    assert value is not None
    return value


def _add_all(*terms: Tensor) -> Tensor:
    return reduce(add, terms)


def _call(i: int, function: Callable[..., Tensor], operands: tuple[int, ...]) -> Call:
    """values[i] = function(*operands)."""

    def call(values: list[Tensor]) -> None:
        values[i] = function(*[values[a] for a in operands])

    return call


def _defer_weight(start: Tensor, weight: Tensor, operands: list[Tensor]) -> Tensor:
    """`start` (T, B, n·H) unchanged, but its gradient also gives `weight` (n·H, H) its own.

    If step t computes start[t] + a_t Wᵀ with W detached, then the gradient G of start is that of
    every product, and W's is Σ_t G_tᵀ a_t: one matrix product, where autograd by itself would
    compute T of them and add them up. The caller appends each a_t, detached, to `operands`.
    Forward and backward of the LSTM at (T, B, H) = (35, 20, 650) on one core took 227 ms with it
    and 291 ms without; at H = 200, 26 and 28 ms; at H = 64 the same.

    Gradients of gradients are refused, since W's way is not a graph.
    """
    return cast(Tensor, _DeferredWeight.apply(start, weight, operands))  # type: ignore[no-untyped-call]


class _DeferredWeight(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, start: Tensor, weight: Tensor, operands: list[Tensor]) -> Tensor:  # noqa: ARG004
        ctx.operands = operands
        return start.view_as(start)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        operands = torch.cat(ctx.operands).to(gradient.dtype)  # they may differ under autocast
        return gradient, gradient.flatten(0, 1).t() @ operands, None
