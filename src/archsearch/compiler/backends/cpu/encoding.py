"""The operations of a loop over time as loop.c reads them: a table of numbers.

It depends on the plan and on sizes alone, so it is made once. Addresses, which differ from call to
call, are referred to by number.

Shapes: B batch, H hidden features.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from archsearch.compiler.backends.cpu.libraries import CellLibrary
from archsearch.compiler.backends.cpu.tape import Table
from archsearch.compiler.plan import Call, Clear, Multiply, Operation, Scale

_CALL, _MULTIPLY, _MULTIPLY_HALF, _SCALE, _CLEAR = range(5)  # as the enum of loop.c
# Of bfloat16.c: the rows of the operand that are held ready, and what sizes are rounded up to.
_BLOCK_ROWS = 32
_ROUNDED_TO = 32
_ALIGNMENT = 64  # in bytes, of what lies in the workspace


@dataclass(frozen=True)
class Parameters:
    """What calls of a layer are given: weights and biases in canonical order, masks by weight.

    What products make of them is kept for the next call with this object. All are contiguous.
    bfloat16: whether products take their factors rounded to it; their sums are float32 anyway.
    """

    weights: Sequence[Tensor]
    biases: Sequence[Tensor]
    masks: Mapping[int, Tensor]
    bfloat16: bool = False
    _stacked: dict[tuple[int, ...], Tensor] = field(default_factory=dict, init=False)
    _workspaces: dict["Encoded", Tensor] = field(default_factory=dict, init=False)

    @classmethod
    def of(
        cls,
        weights: Sequence[Tensor],
        biases: Sequence[Tensor],
        masks: Mapping[int, Tensor],
        bfloat16: bool,
    ) -> "Parameters":
        """Those of tensors that need not be contiguous."""
        return cls(
            [weight.detach().contiguous() for weight in weights],
            [bias.detach().contiguous() for bias in biases],
            {weight: mask.contiguous() for weight, mask in masks.items()},
            bfloat16,
        )

    def stacked(self, weights: tuple[int, ...]) -> Tensor:
        """The weights one below the other, (n·H, ·)."""
        if weights not in self._stacked:
            parts = [self.weights[weight] for weight in weights]
            self._stacked[weights] = parts[0] if len(parts) == 1 else torch.cat(parts)
        return self._stacked[weights]

    def workspace(self, encoded: "Encoded") -> tuple[Tensor, bool]:
        """Where these operations find the weights packed, and whether they have been before."""
        is_packed = encoded in self._workspaces
        if not is_packed:
            size = encoded.workspace_size
            self._workspaces[encoded] = torch.empty(size, dtype=torch.uint8)
        return self._workspaces[encoded], is_packed

    @cached_property
    def addresses(self) -> Table:
        """Of all weights, biases, masks by weight, and last of what is missing: 0."""
        tensors = (*self.weights, *self.biases)
        masks = [self.masks.get(weight) for weight in range(len(self.weights))]
        return np.array(
            [
                *(tensor.data_ptr() for tensor in tensors),
                *(0 if mask is None else mask.data_ptr() for mask in masks),
                0,
            ],
            np.int64,
        )


@dataclass(frozen=True, eq=False)
class Encoded:
    """Operations, and what a call must add to them.

    addresses: which of Parameters.addresses the operations refer to, in order.
    workspace_size: bytes for packed weights. scratch_size: elements that a thread needs.
    """

    operations: Table
    addresses: Table
    workspace_size: int
    scratch_size: int


def encode(
    operations: Sequence[Operation],
    kernels: CellLibrary,
    numbers: Mapping[str, int],
    parameters: Parameters,
    width: int,
    *,
    wants_initial: bool = True,
) -> Encoded:
    """The operations of a step (plan.py), for any parameters of these kinds.

    numbers: key -> slot. width: H.
    wants_initial: whether the gradient of the initial state is asked for.
    """
    encoder = _Encoder(kernels, numbers, parameters, width, wants_initial)
    rows = [encoder.row(operation) for operation in operations]
    return Encoded(
        np.array(rows, np.int64),
        np.array(encoder.addresses, np.int64),
        encoder.workspace_size,
        max(encoder.scratch_size, kernels.num_scratch * width),
    )


class _Encoder:
    def __init__(
        self,
        kernels: CellLibrary,
        numbers: Mapping[str, int],
        parameters: Parameters,
        width: int,
        wants_initial: bool,
    ) -> None:
        self._kernels = kernels
        self._numbers = numbers
        # Of what each weight multiplies.
        self._operand_widths = [weight.shape[1] for weight in parameters.weights]
        self._first_bias = len(parameters.weights)
        self._first_mask = self._first_bias + len(parameters.biases)
        self._missing = len(parameters.addresses) - 1
        self._bfloat16 = parameters.bfloat16
        self._element_size = parameters.weights[0].element_size() if parameters.weights else 0
        self._width = width
        self._wants_initial = wants_initial
        self.addresses: list[int] = []
        self.workspace_size = 0
        self.scratch_size = 0

    def row(self, operation: Operation) -> list[int]:
        match operation:
            case Call(kernel):
                return _row(_CALL, kernel=self._kernels.addresses[kernel])
            case Clear(result):
                return _row(_CLEAR, result=self._numbers[result])
            case Scale(operand, result, weight, add):
                return _row(
                    _SCALE,
                    operand=self._numbers[operand],
                    result=self._numbers[result],
                    columns=self._operand_widths[weight],
                    add=add,
                    first=self._refer([self._first_mask + weight]),
                )
            case Multiply():
                return self._multiply(operation)

    def _multiply(self, it: Multiply) -> list[int]:
        side = len(it.weights) * self._width
        depth, columns = self._operand_widths[it.weights[0]], side
        if it.transposed:
            depth, columns = columns, depth
        has_bias = any(bias is not None for bias in it.biases)
        biases = [self._missing if b is None else self._first_bias + b for b in it.biases]
        if self._bfloat16:
            needed = _BLOCK_ROWS * (max(depth, columns) + _ROUNDED_TO) // 2
            self.scratch_size = max(self.scratch_size, needed)
        return _row(
            _MULTIPLY_HALF if self._bfloat16 else _MULTIPLY,
            operand=self._numbers[it.operand],
            result=self._numbers[it.result],
            depth=depth,
            columns=columns,
            add=it.add,
            begin=it.for_initial and not self._wants_initial,
            first=self._refer(it.weights),
            number=len(it.weights),
            as_columns=not it.transposed,
            matrix=self._reserve(self._packed_bytes(depth, columns)),
            biases=self._refer(biases),
            start=self._reserve(columns * self._element_size) if has_bias else -1,
        )

    def _packed_bytes(self, depth: int, columns: int) -> int:
        """No fewer than products.c and bfloat16.c take: they round up to less, or to half."""
        rounded = [-(-size // _ROUNDED_TO) * _ROUNDED_TO for size in (depth, columns)]
        return rounded[0] * rounded[1] * self._element_size

    def _refer(self, numbers: Sequence[int]) -> int:
        """Where the addresses of these parameters stand from now on."""
        self.addresses += numbers
        return len(self.addresses) - len(numbers)

    def _reserve(self, num_bytes: int) -> int:
        """The place of so many bytes in the workspace."""
        self.workspace_size += -(-num_bytes // _ALIGNMENT) * _ALIGNMENT
        return self.workspace_size - -(-num_bytes // _ALIGNMENT) * _ALIGNMENT


def _row(
    kind: int,
    *,
    operand: int = 0,
    result: int = 0,
    depth: int = 0,
    columns: int = 0,
    add: bool = False,
    begin: bool = False,
    first: int = 0,
    number: int = 0,
    as_columns: bool = False,
    matrix: int = 0,
    biases: int = 0,
    start: int = -1,
    kernel: int = 0,
) -> list[int]:
    """The fields of `Operation` in loop.c, in their order."""
    return [
        kind, operand, result, depth, columns, add, begin,
        first, number, as_columns, matrix, biases, start, kernel,
    ]  # fmt: skip
