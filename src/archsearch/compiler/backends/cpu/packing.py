"""Weights laid out as the products of the time loop read them (products.c, bfloat16.c).

Shapes: H hidden features, n weights of (H, ·) each.
"""

import ctypes
from collections.abc import Sequence

import torch
from torch import Tensor

# Of bfloat16.c: how many rows of the operand are held ready, and what the depth is rounded up to.
_BLOCK_ROWS = 32
_DEPTH = 32


class Packer:
    """Packs for one call of the time loop, and says how much scratch the products need there."""

    def __init__(self, runtime: ctypes.CDLL, bfloat16: bool) -> None:
        self._runtime = runtime
        self._bfloat16 = bfloat16
        self.scratch_size = 0  # in floats, a thread

    def pack(self, weights: Sequence[Tensor], transposed: bool) -> tuple[Tensor, int, int]:
        """The packed [W₁ᵀ W₂ᵀ …], or `transposed` [W₁; W₂; …], with its depth and columns."""
        height, width = weights[0].shape
        number = len(weights)
        side = number * height
        depth, columns = (side, width) if transposed else (width, side)
        size = self._runtime.packed_bytes(depth, columns, self._bfloat16)
        # Halves are multiplied with what stands around them too.
        make = torch.zeros if self._bfloat16 else torch.empty
        packed = make(size, dtype=torch.uint8)
        scratch = torch.empty(width + _DEPTH, dtype=torch.bfloat16)
        rows = [weight.contiguous() for weight in weights]
        addresses = (ctypes.c_void_p * number)(*[weight.data_ptr() for weight in rows])
        self._runtime.pack(
            addresses, number, height, width, depth, columns,
            not transposed, self._bfloat16, packed.data_ptr(), scratch.data_ptr(),
        )  # fmt: skip
        if self._bfloat16:
            self.scratch_size = max(self.scratch_size, _BLOCK_ROWS * (depth + _DEPTH) // 2)
        return packed, depth, columns
