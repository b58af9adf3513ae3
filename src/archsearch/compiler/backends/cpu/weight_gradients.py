"""Gradients of weights and biases: one product over all time steps, of one call or of many.

Shapes: T time steps, B batch, X input features, H hidden features.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor

from archsearch.compiler.backends.backend import Weights
from archsearch.compiler.backends.cpu.encoding import Parameters
from archsearch.compiler.plan import Deferred, SequenceProduct

Product = SequenceProduct | Deferred

# From this many columns of the gradient on a float32 product is faster by a tenth if its rows are
# the fewer ones, the copy into their order included; up to 800 it is not (measured at 700 rows).
_WIDE = 1000


class Inputs(NamedTuple):
    """What the layer is a function of, or the gradient with respect to each.

    sources: "x_t" and "x_tm1" (T, B, X), those that the cell reads. states: initial (B, H).
    """

    sources: dict[str, Any]
    states: dict[str, Any]
    weights: list[Any]
    biases: list[Any]

    @property
    def flat(self) -> list[Any]:
        return [*self.sources.values(), *self.states.values(), *self.weights, *self.biases]

    def like(self, flat: Sequence[Any]) -> "Inputs":
        """Another flat list, in this order."""
        it = iter(flat)
        return Inputs(
            {name: next(it) for name in self.sources},
            {name: next(it) for name in self.states},
            [next(it) for _ in self.weights],
            [next(it) for _ in self.biases],
        )


def weight_gradients(
    it: Product,
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
    """What many short calls with the same weights share, as a decoder with input feeding makes
    them: packed weights, and one product for the gradient of each weight.

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


class _Refusal(torch.autograd.Function):
    """Gradients as they are, but as results of something that has none itself: without it the
    gradient of a gradient would silently lack what passes through the layer."""

    @staticmethod
    def forward(ctx: Any, anchor: Tensor, *gradients: Tensor) -> tuple[Tensor, ...]:  # noqa: ARG004
        return tuple(gradient.view_as(gradient) for gradient in gradients)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:  # noqa: ARG004
        raise RuntimeError(
            "gradients of gradients do not pass through a recurrent layer: its backward pass is "
            "computed by kernels, and by no graph"
        )


def refuse_second_gradients(gradients: list[Tensor | None]) -> list[Tensor | None]:
    anchor = torch.zeros((), requires_grad=True)
    present = [gradient for gradient in gradients if gradient is not None]
    refused = iter(_Refusal.apply(anchor, *present))  # type: ignore[no-untyped-call]
    return [None if gradient is None else next(refused) for gradient in gradients]
