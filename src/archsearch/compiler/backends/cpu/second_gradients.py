"""Gradients of gradients are refused, where they would otherwise be silently incomplete."""

from typing import Any

import torch
from torch import Tensor


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
