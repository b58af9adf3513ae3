"""Runs loops over time with the kernels of one cell: the Python side of loop.c.

Shapes: T time steps, B batch, H hidden features.
"""

import ctypes

import numpy as np
import torch
from torch import Tensor

from archsearch.compiler.backends.cpu.encoding import Encoded, Parameters, encode
from archsearch.compiler.backends.cpu.libraries import CellLibrary
from archsearch.compiler.backends.cpu.tape import Sizes, Table, Tape
from archsearch.compiler.plan import Multiply, Operation


class TimeLoop:
    """runtime: loop.c, compiled for the dtype of the tensors that are run with."""

    def __init__(self, runtime: ctypes.CDLL, cell: CellLibrary) -> None:
        self._runtime = runtime
        self._cell = cell
        self._encoded: dict[tuple[object, ...], Encoded] = {}

    def run(
        self,
        operations: tuple[Operation, ...],
        tape: Tape,
        parameters: Parameters,
        *,
        backward: bool = False,
        wants_initial: bool = True,
    ) -> None:
        """Run the operations for every step, from the first, or `backward` from the last.

        wants_initial: whether the gradient of the initial state is asked for.
        """
        sizes = tape.sizes
        key = (operations, sizes.width, parameters.bfloat16, wants_initial)
        encoded = self._encoded.get(key)
        if encoded is None:
            encoded = self._encoded[key] = encode(
                operations, self._cell, tape.plan.numbers, parameters, sizes.width,
                wants_initial=wants_initial,
            )  # fmt: skip
        self._run(encoded, parameters, tape.table, sizes, tape.history("h"), backward)

    def multiply(
        self, product: Multiply, operand: Tensor, result: Tensor, parameters: Parameters
    ) -> None:
        """`product` once for all rows there are: operand (rows, depth) -> result (rows, columns).

        Rows may be further apart than they are long.
        """
        height, operand_width = parameters.weights[product.weights[0]].shape
        key = (product, height, operand_width, parameters.bfloat16)
        encoded = self._encoded.get(key)
        if encoded is None:
            numbers = {product.operand: 0, product.result: 1}
            encoded = self._encoded[key] = encode(
                [product], self._cell, numbers, parameters, height
            )
        slots = [(t.data_ptr(), 0, t.stride(0), 0, 0) for t in (operand, result)]
        sizes = Sizes(num_steps=1, batch=len(operand), width=height, keep=True)
        self._run(encoded, parameters, np.array(slots, np.int64), sizes, operand, backward=False)

    def _run(
        self,
        encoded: Encoded,
        parameters: Parameters,
        slots: Table,
        sizes: Sizes,
        like: Tensor,
        backward: bool,
    ) -> None:
        addresses = parameters.addresses[encoded.addresses]
        num_threads = min(torch.get_num_threads(), sizes.batch)
        workspace, is_packed = parameters.workspace(encoded)
        scratch = like.new_empty(num_threads * encoded.scratch_size)
        loop = np.array(
            [
                encoded.operations.ctypes.data, slots.ctypes.data, addresses.ctypes.data,
                workspace.data_ptr(), scratch.data_ptr(), len(encoded.operations),
                sizes.num_steps, backward, sizes.batch, sizes.width, num_threads,
                encoded.scratch_size, is_packed,
            ],
            np.int64,
        )  # fmt: skip
        self._runtime.run(loop.ctypes.data)
