"""A recurrent layer of any cell, or of several cells side by side.

Shapes: T time steps, B batch, X input features, H hidden features.
"""

import math
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from archsearch.cell.gates import forget_gates
from archsearch.cell.node import X_SOURCES
from archsearch.cell.step import Step, is_share_of_h, reads_time, shares_of_h
from archsearch.compiler.backends import Bound, State, Weights, make_backend
from archsearch.compiler.pipeline import compile
from archsearch.compiler.program import weight_slots
from archsearch.nn.dropout import check_rates, keep_mask


class RecurrentLayer(nn.Module):
    """Runs a cell over time: x (T, B, X) -> h_t of every step (T, B, H).

    In place of a cell there may be n of them side by side (`HeterogeneousLayer`), each with H
    features of h: then y is (T, B, n·H), and so wide is what a matrix over h multiplies.

    weights: one (H, width of the operand) parameter for every argument of every Linear, biases:
    one (H,) parameter for every Linear, in canonical order: Linear j of the cell is node
    `layer.cell.linears[j]`, and `layer.slots[w]` is the (Linear, argument) of weight w, so that
    weight w multiplies node `layer.cell.nodes[layer.cell.linears[j]].args[argument]`.

    state_widths: the width of each entry of the state; None for the scalar t.
    cell: `layer.cell` is the one that runs. Where the widths differ, a source x_t or x_tm1 used
    outside a Linear has a Linear of its own in it.
    backend: a name of `archsearch.compiler.backends.BACKENDS`, or "auto".
    weight_dropout: the share of the entries of recurrent matrices that a forward call in training
    replaces by zero, the rest scaled up (DropConnect; Merity et al. 2017, section 2). Recurrent
    are the matrices whose operand depends on the state.
    recurrent_dropout: the share of features that a forward call in training drops, at all its
    time steps alike, from what recurrent matrices multiply, the rest scaled up (Gal & Ghahramani
    2016, equation 7); one mask for each distinct operand. Values that are combined elementwise
    are never dropped, so that memories are not erased (Schrimpf et al. 2017, appendix).
    forget_bias: added to the initial bias of every gate that makes the cell remember, subtracted
    for every gate that makes it forget.
    generator: draws initial weights and dropout; None means torch's global one, as in torch.nn.

    Weights start uniform in ±1/√(width of y), as in torch.nn.LSTM; biases at what the cell says, or
    zero.
    """

    def __init__(
        self,
        cell: Step,
        input_size: int,
        hidden_size: int,
        *,
        backend: str = "auto",
        weight_dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        forget_bias: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        _check_sizes(input_size=input_size, hidden_size=hidden_size)
        check_rates(weight_dropout=weight_dropout, recurrent_dropout=recurrent_dropout)
        if not math.isfinite(forget_bias):
            raise ValueError(f"expected a finite forget_bias, got {forget_bias!r}")
        if input_size != hidden_size:
            cell = cell.with_linear_sources()
        self.cell = cell
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.backend = backend
        self.weight_dropout = weight_dropout
        self.recurrent_dropout = recurrent_dropout
        self.forget_bias = forget_bias
        self.slots = weight_slots(cell)
        self._own_generator = generator
        self._backend = make_backend(backend, cell)
        self._recurrent_operands = compile(cell).recurrent_operands
        self.state_widths = self._widths_of_state()
        self.weights = nn.ParameterList(
            torch.empty(hidden_size, self._operand_width(slot)) for slot in self.slots
        )
        self.biases = nn.ParameterList(torch.empty(hidden_size) for _ in cell.linears)
        self.reset_parameters()

    @property
    def _generator(self) -> torch.Generator:
        # Looked up at every draw, so that a copy of the layer still shares torch's global one.
        return self._own_generator or torch.default_generator

    @property
    def output_size(self) -> int:
        """The width of y."""
        return self.hidden_size * len(shares_of_h(self.cell.outputs))

    @property
    def recurrent_weights(self) -> tuple[int, ...]:
        """The numbers of the weights whose operand depends on the state."""
        return tuple(sorted(self._recurrent_operands))

    @property
    def initial_biases(self) -> tuple[float, ...]:
        """What each bias starts at: what the cell says, and the forget bias."""
        signs = forget_gates(self.cell)
        return tuple(
            self.cell.nodes[node].bias + self.forget_bias * signs.get(node, 0.0)
            for node in self.cell.linears
        )

    def reset_parameters(self) -> None:
        """Draw the weights again and set the biases to their initial values."""
        bound = 1.0 / math.sqrt(self.output_size)
        with torch.no_grad():
            for weight in self.weights:
                weight.uniform_(-bound, bound, generator=self._generator)
            for bias, value in zip(self.biases, self.initial_biases, strict=True):
                bias.fill_(value)

    def forward(self, x: Tensor, state: Mapping[str, Tensor] | None = None) -> tuple[Tensor, State]:
        """x (T, B, X) -> h_t of every step (T, B, H), and the state after the last.

        state: "h" (B, width of y); every memory (B, H); "x", the input (B, X) of the step before,
        where the cell reads x_tm1; "t", an int64 scalar, the number of steps since the state was
        zero, where it has a PosEnc. What is missing is zero. Hand the result to the next call to go
        on.
        """
        weights, biases = _parameters(self.weights), _parameters(self.biases)
        self._check_input(x, next(iter((*weights, *biases)), None))
        full_state = self._complete(state or {}, x)
        masks = self._draw_masks(x.shape[1], x)
        return self._backend.run(x, Weights(self._drop(weights), biases, masks), full_state)

    def bind(self, like: Tensor) -> Bound:
        """To run the layer piece by piece: (x (T, B, X), state) -> as `forward`, for any number of
        pieces of one sequence, with the same dropout throughout and the weights prepared once.

        The weights must not change before the last piece's backward pass is over.

        like: (B, ·), of the dtype and device that the pieces will have.
        """
        weights, biases = _parameters(self.weights), _parameters(self.biases)
        masks = self._draw_masks(len(like), like)
        run = self._backend.bind(like, Weights(self._drop(weights), biases, masks))

        def run_piece(x: Tensor, state: Mapping[str, Tensor]) -> tuple[Tensor, State]:
            self._check_input(x, next(iter((*weights, *biases)), None))
            return run(x, self._complete(state, x))

        return run_piece

    def extra_repr(self) -> str:
        sizes = f"input_size={self.input_size}, hidden_size={self.hidden_size}"
        return f"{self.cell}\n{sizes}, backend={self.backend}"

    def _operand_width(self, slot: tuple[int, int]) -> int:
        linear, argument = slot
        node = self.cell.nodes[self.cell.nodes[self.cell.linears[linear]].args[argument]]
        if node.op == "h_tm1":
            return self.output_size
        return self.input_size if node.op in X_SOURCES else self.hidden_size

    def _widths_of_state(self) -> dict[str, int | None]:
        """The width of each entry of the state; None for the scalar t."""
        widths: dict[str, int | None] = {"h": self.output_size}
        for name, _ in self.cell.outputs:
            if not is_share_of_h(name):
                widths[name] = self.hidden_size
        if any(node.op == "x_tm1" for node in self.cell.nodes):
            widths["x"] = self.input_size
        if reads_time(self.cell):
            widths["t"] = None
        return widths

    def _check_input(self, x: Tensor, parameter: Tensor | None) -> None:
        expected = f"expected x of shape (T, B, {self.input_size}) with T and B of at least 1"
        if x.dim() != 3 or x.shape[2] != self.input_size or 0 in x.shape:
            raise ValueError(f"{expected}, got {tuple(x.shape)}")
        dtype = torch.get_default_dtype() if parameter is None else parameter.dtype
        if x.dtype != dtype and not torch.is_autocast_enabled(x.device.type):
            raise ValueError(
                f"expected x of dtype {dtype}, that of the layer's weights, got {x.dtype}; "
                "convert x, or the layer with .to()"
            )

    def _complete(self, state: Mapping[str, Tensor], x: Tensor) -> State:
        unknown = sorted(set(state) - set(self.state_widths))
        if unknown:
            raise ValueError(
                f"expected a state of {_quoted(self.state_widths)}, got also {_quoted(unknown)}"
            )
        complete: State = {}
        for name, width in self.state_widths.items():
            shape = () if width is None else (x.shape[1], width)
            dtype = torch.int64 if width is None else x.dtype
            if name in state:
                _check_state(name, state[name], shape, dtype)
                complete[name] = state[name]
            else:
                complete[name] = torch.zeros(shape, dtype=dtype, device=x.device)
        return complete

    def _drop(self, weights: list[Tensor]) -> list[Tensor]:
        if self.training and self.weight_dropout:
            for i in self.recurrent_weights:
                shape = tuple(weights[i].shape)
                mask = keep_mask(shape, self.weight_dropout, self._generator, weights[i])
                weights[i] = weights[i] * mask
        return weights

    def _draw_masks(self, batch: int, like: Tensor) -> dict[int, Tensor]:
        if not self.training or not self.recurrent_dropout:
            return {}
        widths = {
            operand: self.weights[weight].shape[1]
            for weight, operand in self._recurrent_operands.items()
        }
        masks = {
            operand: keep_mask((batch, width), self.recurrent_dropout, self._generator, like)
            for operand, width in sorted(widths.items())
        }
        return {weight: masks[operand] for weight, operand in self._recurrent_operands.items()}


def _parameters(parameters: nn.ParameterList) -> list[Tensor]:
    """Its entries; to iterate over the list itself takes a microsecond an entry more."""
    return [weight for weight in parameters._parameters.values() if weight is not None]


def _check_sizes(**sizes: int) -> None:
    for name, size in sizes.items():
        if not isinstance(size, int) or size < 1:
            raise ValueError(f"expected {name} to be an integer of at least 1, got {size!r}")


def _check_state(name: str, value: Tensor, shape: tuple[int, ...], dtype: torch.dtype) -> None:
    if tuple(value.shape) != shape:
        raise ValueError(f'expected state "{name}" of shape {shape}, got {tuple(value.shape)}')
    if value.dtype != dtype and not torch.is_autocast_enabled(value.device.type):
        raise ValueError(f'expected state "{name}" of dtype {dtype}, got {value.dtype}')


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
