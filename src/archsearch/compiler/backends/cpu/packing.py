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
        side = len(weights) * height
        depth, columns = (side, width) if transposed else (width, side)
        shape = _long(depth), _long(columns)
        size = self._runtime.packed_bytes(*shape, _long(self._bfloat16))
        # Halves are multiplied with what stands around them too.
        make = torch.zeros if self._bfloat16 else torch.empty
        packed = make(size, dtype=torch.uint8)
        scratch = torch.empty(width + _DEPTH, dtype=torch.bfloat16)
        for i, weight in enumerate(weights):
            self._runtime.pack(
                _pointer(weight.contiguous()), _long(height), _long(width), _long(i * height),
                *shape, _long(not transposed), _long(self._bfloat16),
                _pointer(packed), _pointer(scratch),
            )  # fmt: skip
        if self._bfloat16:
            self.scratch_size = max(self.scratch_size, _BLOCK_ROWS * (depth + _DEPTH) // 2)
        return packed, depth, columns


def _long(number: int) -> ctypes.c_long:
    return ctypes.c_long(number)


def _pointer(tensor: Tensor) -> ctypes.c_void_p:
    return ctypes.c_void_p(tensor.data_ptr())
