"""Runs the operations of a plan over time: the Python side of runtime.c.

Shapes: T time steps, B batch, H hidden features.
"""

import ctypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from archsearch.compiler.backends.cpu.libraries import CellLibrary
from archsearch.compiler.backends.cpu.tape import Tape
from archsearch.compiler.plan import Call, Clear, Multiply, Operation, Scale

_CALL, _MULTIPLY, _, _SCALE, _CLEAR = range(5)  # as the enum of runtime.c


@dataclass(frozen=True)
class Parameters:
    """What one forward call gave: weights and biases in canonical order, masks by weight."""

    weights: Sequence[Tensor]
    biases: Sequence[Tensor]
    masks: Mapping[int, Tensor]

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


@dataclass(frozen=True)
class TimeLoop:
    """runtime: runtime.c. The operations of one loop are encoded anew for every call, since the
    weights have changed; that is a few microseconds an operation."""

    runtime: ctypes.CDLL
    cell: CellLibrary

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
        table = tape.table()
        encoder = _Encoder(self, tape, parameters, wants_initial)
        rows = np.array([encoder.encode(operation) for operation in operations], np.int64)
        num_threads = min(torch.get_num_threads(), tape.sizes.batch)
        scratch_size = self.cell.num_scratch * tape.sizes.width
        scratch = tape.history("h").new_empty(num_threads * scratch_size)
        loop = np.array(
            [
                rows.ctypes.data, table.ctypes.data, len(rows), tape.sizes.num_steps, backward,
                tape.sizes.batch, tape.sizes.width, num_threads, scratch_size, scratch.data_ptr(),
            ],
            np.int64,
        )  # fmt: skip
        self.runtime.run(ctypes.c_void_p(loop.ctypes.data))


class _Encoder:
    """Operations as rows of numbers, as `Operation` in runtime.c has them. Holds on to the tensors
    whose addresses it has given away."""

    def __init__(
        self,
        loop: TimeLoop,
        tape: Tape,
        parameters: Parameters,
        wants_initial: bool,
    ) -> None:
        self._loop = loop
        self._tape = tape
        self._parameters = parameters
        self._slots = tape.plan.numbers
        self._wants_initial = wants_initial
        self._alive: list[Tensor] = []

    def encode(self, operation: Operation) -> list[int]:
        match operation:
            case Call(kernel):
                return [_CALL, 0, 0, 0, 0, 0, 0, 0, 0, self._loop.cell.addresses[kernel]]
            case Clear(result):
                return [_CLEAR, 0, self._slots[result], 0, 0, 0, 0, 0, 0, 0]
            case Scale(operand, result, weight, add):
                mask = self._keep(self._parameters.masks[weight].contiguous())
                return [_SCALE, self._slots[operand], self._slots[result], 0, 0, add, 0, mask, 0, 0]
            case Multiply():
                return self._multiply(operation)

    def _multiply(self, it: Multiply) -> list[int]:
        weights = [self._parameters.weights[w].contiguous() for w in it.weights]
        side = len(weights) * self._tape.sizes.width
        width = weights[0].shape[1]
        depth, columns = (side, width) if it.transposed else (width, side)
        packed = self._pack(weights, depth, columns, it.transposed)
        start = None if it.add else self._parameters.bias_row(it.biases)
        return [
            _MULTIPLY, self._slots[it.operand], self._slots[it.result], depth, columns, it.add,
            it.for_initial and not self._wants_initial,
            self._keep(packed), 0 if start is None else self._keep(start), 0,
        ]  # fmt: skip

    def _pack(self, weights: list[Tensor], depth: int, columns: int, transposed: bool) -> Tensor:
        runtime = self._loop.runtime
        packed = weights[0].new_empty(runtime.packed_size(_long(depth), _long(columns)))
        height = self._tape.sizes.width
        for i, weight in enumerate(weights):
            first = _long(i * height)
            pack, sizes = (
                (runtime.pack, (_long(columns), first, _long(depth)))
                if transposed
                else (runtime.pack_transposed, (_long(depth), first, _long(columns)))
            )
            pack(_pointer(weight), _long(height), *sizes, _pointer(packed))
        return packed

    def _keep(self, tensor: Tensor) -> int:
        self._alive.append(tensor)
        return tensor.data_ptr()


_long = ctypes.c_long


def _pointer(tensor: Tensor) -> ctypes.c_void_p:
    return ctypes.c_void_p(tensor.data_ptr())
