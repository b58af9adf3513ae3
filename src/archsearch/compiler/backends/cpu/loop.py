"""Runs the operations of a plan over time: the Python side of loop.c.

Shapes: T time steps, B batch, H hidden features.
"""

import ctypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from archsearch.compiler.backends.cpu.libraries import CellLibrary
from archsearch.compiler.backends.cpu.packing import Packer
from archsearch.compiler.backends.cpu.tape import Sizes, Table, Tape
from archsearch.compiler.plan import Call, Clear, Multiply, Operation, Scale

_CALL, _MULTIPLY, _MULTIPLY_HALF, _SCALE, _CLEAR = range(5)  # as the enum of loop.c


@dataclass(frozen=True)
class Parameters:
    """What one call of a layer gave: weights and biases in canonical order, masks by weight.

    bfloat16: whether products take their factors rounded to it; their sums are float32 anyway.
    """

    weights: Sequence[Tensor]
    biases: Sequence[Tensor]
    masks: Mapping[int, Tensor]
    bfloat16: bool = False

    def bias_row(self, biases: Sequence[int | None]) -> Tensor | None:
        """The biases side by side (n·H,), zeros where one is missing; None if all are."""
        if all(bias is None for bias in biases):
            return None
        zeros = torch.zeros_like(self.biases[0])
        rows = [zeros if bias is None else self.biases[bias] for bias in biases]
        return rows[0].contiguous() if len(rows) == 1 else torch.cat(rows)

    def stacked(self, weights: Sequence[int]) -> Tensor:
        """The weights one below the other, (n·H, ·)."""
        parts = [self.weights[weight] for weight in weights]
        return parts[0] if len(parts) == 1 else torch.cat(parts)


class TimeLoop:
    """Runs loops over time with the kernels of one cell.

    The operations are encoded anew for every call, since addresses and weights have changed; that
    takes a few microseconds an operation.
    """

    def __init__(self, runtime: ctypes.CDLL, cell: CellLibrary) -> None:
        self._runtime = runtime
        self._cell = cell

    def run(
        self,
        operations: Sequence[Operation],
        tape: Tape,
        parameters: Parameters,
        *,
        backward: bool = False,
        wants_initial: bool = True,
    ) -> None:
        """Run the operations for every step, from the first, or `backward` from the last.

        wants_initial: whether the gradient of the initial state is asked for.
        """
        packer = Packer(self._runtime, parameters.bfloat16)
        encoder = _Encoder(self._cell, packer, tape, parameters, wants_initial)
        rows = [encoder.encode(operation) for operation in operations]
        scratch_size = max(self._cell.num_scratch * tape.sizes.width, packer.scratch_size)
        self._run(rows, tape.table, tape.sizes, scratch_size, tape.history("h"), backward)

    def multiply(
        self,
        operand: Tensor,
        result: Tensor,
        weights: Sequence[Tensor],
        start: Tensor | None,
        transposed: bool,
        add: bool,
    ) -> None:
        """One product in bfloat16 of all rows at once, as `Multiply` (plan.py) of one step.

        operand (T·B, depth), result (T·B, columns): the rows may be further apart than they are
        long. start: (columns,) or None.
        """
        packer = Packer(self._runtime, bfloat16=True)
        packed, depth, columns = packer.pack(weights, transposed)
        begin = 0 if start is None else start.data_ptr()
        row = [_MULTIPLY_HALF, 0, 1, depth, columns, add, 0, packed.data_ptr(), begin, 0]
        table = np.array(
            [(t.data_ptr(), 0, t.stride(0), 0, 0) for t in (operand, result)], np.int64
        )
        sizes = Sizes(num_steps=1, batch=len(operand), width=columns, keep=True)
        self._run([row], table, sizes, packer.scratch_size, operand, backward=False)

    def _run(
        self,
        operations: Sequence[Sequence[int]],
        table: Table,
        sizes: Sizes,
        scratch_size: int,
        like: Tensor,
        backward: bool,
    ) -> None:
        rows = np.array(operations, np.int64)
        num_threads = min(torch.get_num_threads(), sizes.batch)
        scratch = like.new_empty(num_threads * scratch_size)
        loop = np.array(
            [
                rows.ctypes.data, table.ctypes.data, len(rows), sizes.num_steps, backward,
                sizes.batch, sizes.width, num_threads, scratch_size, scratch.data_ptr(),
            ],
            np.int64,
        )  # fmt: skip
        self._runtime.run(loop.ctypes.data)


class _Encoder:
    """Operations as rows of numbers, as `Operation` in loop.c has them. Holds on to the tensors
    whose addresses it has given away."""

    def __init__(
        self,
        cell: CellLibrary,
        packer: Packer,
        tape: Tape,
        parameters: Parameters,
        wants_initial: bool,
    ) -> None:
        self._cell = cell
        self._packer = packer
        self._parameters = parameters
        self._slots = tape.plan.numbers
        self._wants_initial = wants_initial
        self._alive: list[Tensor] = []

    def encode(self, operation: Operation) -> list[int]:
        match operation:
            case Call(kernel):
                return [_CALL, 0, 0, 0, 0, 0, 0, 0, 0, self._cell.addresses[kernel]]
            case Clear(result):
                return [_CLEAR, 0, self._slots[result], 0, 0, 0, 0, 0, 0, 0]
            case Scale(operand, result, weight, add):
                mask = self._keep(self._parameters.masks[weight].contiguous())
                return [_SCALE, self._slots[operand], self._slots[result], 0, 0, add, 0, mask, 0, 0]
            case Multiply():
                return self._multiply(operation)

    def _multiply(self, it: Multiply) -> list[int]:
        weights = [self._parameters.weights[weight] for weight in it.weights]
        packed, depth, columns = self._packer.pack(weights, it.transposed)
        start = self._parameters.bias_row(it.biases)
        return [
            _MULTIPLY_HALF if self._parameters.bfloat16 else _MULTIPLY,
            self._slots[it.operand], self._slots[it.result], depth, columns, it.add,
            it.for_initial and not self._wants_initial,
            self._keep(packed), 0 if start is None else self._keep(start), 0,
        ]  # fmt: skip

    def _keep(self, tensor: Tensor) -> int:
        self._alive.append(tensor)
        return tensor.data_ptr()
