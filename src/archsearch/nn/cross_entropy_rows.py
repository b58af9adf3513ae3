"""Softmax cross entropy of a few rows of logits, and its gradient in their place.

Shapes: R rows, V words.
"""

import ctypes
import functools
import logging
from importlib import resources
from typing import Protocol

import torch
from torch import Tensor

from archsearch.compiler.backends.cpu.libraries import c_source
from archsearch.native import NoNativeCode, load

_log = logging.getLogger(__name__)
_ALIGNMENT = 64  # bytes: the widest vector, and a cache line


class RowsKernel(Protocol):
    """What torch_rows and native_rows do."""

    def __call__(
        self,
        logits: Tensor,
        bias: Tensor,
        targets: Tensor,
        losses: Tensor,
        bias_gradient: Tensor | None,
    ) -> None:
        """Write the losses, −log softmax(logits + bias)[target], and the gradient of their sum.

        logits: (R, V), from empty_logits. Overwritten: by softmax − one-hot(target) if
            bias_gradient is given, else by values of no meaning.
        bias: (V,), of the losses' dtype, contiguous.
        targets: (R,) int64 in [0, V), contiguous; not checked.
        losses: (R,), float32 or float64, contiguous; arithmetic is done in this dtype.
        bias_gradient: (V,), to which the gradient of the bias is added, contiguous; or None.
        """


def empty_logits(rows: int, words: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Memory for logits: each row starts at a multiple of 64 bytes, counted from the first."""
    padded = words + -words % (_ALIGNMENT // dtype.itemsize)
    return torch.empty(rows, padded, dtype=dtype, device=device)[:, :words]


def rows_kernel(logits: Tensor) -> RowsKernel:
    """The faster implementation of those that know the logits' dtype and device."""
    known = logits.device.type == "cpu" and logits.dtype in (torch.float32, torch.bfloat16)
    return native_rows if known and _library() is not None else torch_rows


def torch_rows(
    logits: Tensor, bias: Tensor, targets: Tensor, losses: Tensor, bias_gradient: Tensor | None
) -> None:
    """RowsKernel for every dtype and device, by torch's operations, in place where dtypes allow.

    torch.log_softmax into its own argument would be a tenth faster; nothing promises that it works.
    """
    targets = targets.unsqueeze(1)
    z = logits.to(losses.dtype).add_(bias)
    z -= z.amax(1, keepdim=True)
    target_logits = z.gather(1, targets)
    sums = z.exp_().sum(1, keepdim=True)
    torch.sub(sums.log(), target_logits, out=losses.unsqueeze(1))
    if bias_gradient is None:
        return
    z.scatter_add_(1, targets, -sums)
    z *= sums.reciprocal()
    bias_gradient += z.sum(0)
    if z.dtype != logits.dtype:
        logits.copy_(z)


def native_rows(
    logits: Tensor, bias: Tensor, targets: Tensor, losses: Tensor, bias_gradient: Tensor | None
) -> None:
    """RowsKernel for float32 and bfloat16 in the CPU's memory, by a C kernel and torch's threads.

    At V = 10,000 on one core it takes 0.4 ns a logit, torch_rows 1.2 in float32. Of the whole
    loss with its gradients, a twentieth in float32 and a third in bfloat16.
    """
    library = _library()
    assert library is not None
    (rows, words), stride = logits.shape, logits.stride(0)
    blocks = min(torch.get_num_threads(), rows)
    scratch = torch.empty(1 + 2 * blocks, stride)
    library.archsearch_cross_entropy_rows(
        logits.data_ptr(),
        logits.dtype == torch.bfloat16,
        rows,
        words,
        stride,
        bias.data_ptr(),
        targets.data_ptr(),
        losses.data_ptr(),
        None if bias_gradient is None else bias_gradient.data_ptr(),
        scratch.data_ptr(),
        blocks,
    )


@functools.cache
def _library() -> ctypes.CDLL | None:
    """The compiled kernel; None, after one warning, where nothing can be compiled."""
    source = resources.files("archsearch.nn").joinpath("cross_entropy_rows.c")
    try:
        text = c_source("maths.h") + source.read_text(encoding="utf-8")
        library = load(text, name="cross_entropy_rows")
    except NoNativeCode as error:
        _log.warning("the loss is computed by torch's operations, which take longer: %s", error)
        return None
    pointer, size = ctypes.c_void_p, ctypes.c_ssize_t
    function = library.archsearch_cross_entropy_rows
    function.restype = None
    function.argtypes = [
        pointer, ctypes.c_int, size, size, size,
        pointer, pointer, pointer, pointer, pointer, ctypes.c_uint,
    ]  # fmt: skip
    return library
