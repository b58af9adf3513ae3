"""Many short calls of a layer with the same weights, as a decoder with input feeding makes them.

By themselves such calls would each pack the weights, and each compute and add up a gradient as
large as the weights, for one row of a sequence.
"""

from typing import Any, cast

import torch
from torch import Tensor

from archsearch.compiler.backends.backend import Weights
from archsearch.compiler.backends.cpu.encoding import Parameters
from archsearch.compiler.backends.cpu.inputs import Inputs
from archsearch.compiler.backends.cpu.second_gradients import refuse_second_gradients
from archsearch.compiler.backends.cpu.weight_gradients import weight_gradients
from archsearch.compiler.plan import Deferred, SequenceProduct

Product = SequenceProduct | Deferred


class Factors:
    """Of the products that give the gradients of weights, put off until all calls have theirs.

    Nothing here may refer to a tensor that knows `_PutOff`, which refers to this: such a circle
    is out of the reach of Python's collector, and a training would lose all its activations to it.
    """

    def __init__(self, bfloat16: bool) -> None:
        self._bfloat16 = bfloat16
        self._pairs: dict[Product, list[tuple[Tensor, Tensor]]] = {}

    def put_off(self, product: Product, operand: Tensor, gradient: Tensor) -> None:
        """One call's part: operand (T·B, ·), gradient (T·B, n·H)."""
        self._pairs.setdefault(product, []).append((operand, gradient))

    def multiply(self, wanted: Inputs) -> Inputs:
        """The gradients by weights and biases, of what was put off since the last time."""
        result = wanted.like([None] * len(wanted.flat))
        factors, self._pairs = self._pairs, {}
        for product, pairs in factors.items():
            operand, gradient = map(torch.cat, zip(*pairs, strict=True))
            weight_gradients(product, operand, gradient, self._bfloat16, wanted, result)
        return result


class Session:
    """What the calls share: packed weights, and one product for the gradient of each weight.

    weights: what the calls must be given in place of the layer's own. The gradient of a
    call by them is none: it puts off its factors, and autograd, which comes to what these tensors
    were made by when it has been through all calls, then multiplies them.
    """

    def __init__(self, weights: Weights, bfloat16: bool) -> None:
        matrices, biases, masks = weights
        self.parameters = Parameters.of(matrices, biases, masks, bfloat16)
        self.factors = Factors(bfloat16)
        flat = (*matrices, *biases)
        if torch.is_grad_enabled() and any(tensor.requires_grad for tensor in flat):
            flat = cast(
                tuple[Tensor, ...],
                _PutOff.apply(self.factors, len(matrices), *flat),  # type: ignore[no-untyped-call]
            )
        self.weights = Weights(flat[: len(matrices)], flat[len(matrices) :], masks)


class _PutOff(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, factors: Factors, num_weights: int, *flat: Tensor) -> tuple[Tensor, ...]:
        ctx.factors, ctx.num_weights = factors, num_weights
        ctx.set_materialize_grads(False)
        return tuple(tensor.view_as(tensor) for tensor in flat)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Any, ...]:
        assert not any(gradient is not None for gradient in gradients)
        needed = list(ctx.needs_input_grad[2:])
        wanted = Inputs({}, {}, needed[: ctx.num_weights], needed[ctx.num_weights :])
        with torch.no_grad():
            result = ctx.factors.multiply(wanted).flat
        if torch.is_grad_enabled():  # create_graph=True
            result = refuse_second_gradients(result)
        return None, None, *result
