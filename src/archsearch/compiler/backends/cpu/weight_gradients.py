"""Gradients of weights and biases: one product over all time steps, of one call or of many.

Shapes: T time steps, B batch, H hidden features.
"""

import torch
from torch import Tensor

from archsearch.compiler.backends.cpu.inputs import Inputs
from archsearch.compiler.plan import Deferred, SequenceProduct

# From this many columns of the gradient on a float32 product is faster by a tenth if its rows are
# the fewer ones, the copy into their order included; up to 800 it is not (measured at 700 rows).
_WIDE = 1000


def weight_gradients(
    it: SequenceProduct | Deferred,
    operand: Tensor,
    gradient: Tensor,
    bfloat16: bool,
    wanted: Inputs,
    result: Inputs,
) -> None:
    """One product over all time steps, cut into the weights; one sum, cut into the biases."""
    num_blocks = len(it.weights)
    if any(wanted.weights[weight] for weight in it.weights):
        if bfloat16:
            total = (gradient.bfloat16().t() @ operand.bfloat16()).float()
        elif gradient.shape[1] > _WIDE:
            total = (operand.t() @ gradient).t().contiguous()
        else:
            total = gradient.t() @ operand
        parts = total.view(num_blocks, -1, operand.shape[1]).unbind()
        for weight, part in zip(it.weights, parts, strict=True):
            result.weights[weight] = part
    if any(bias is not None and wanted.biases[bias] for bias in it.biases):
        # As a product with ones, which reads memory faster than torch's sum over rows.
        ones = gradient.new_ones(len(gradient))
        sums = torch.mv(gradient.t(), ones).view(num_blocks, -1).unbind()
        for bias, sum_ in zip(it.biases, sums, strict=True):
            if bias is not None:
                result.biases[bias] = sum_
