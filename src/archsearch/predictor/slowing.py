"""Curves as they might have been had a training learnt less in each epoch."""

import torch
from torch import Tensor


def slowed(curves: Tensor, slowest: float, generator: torch.Generator) -> Tensor:
    """Each curve of (N, T) at a speed between `slowest` and 1, drawn evenly in its logarithm."""
    return at_speed(curves, slowest ** torch.rand(len(curves), generator=generator))


def at_speed(curves: Tensor, speed: Tensor) -> Tensor:
    """Curves (N, T) at `speed` (N,) in (0, 1]: epoch t is what was epoch 1 + (t − 1)·speed,
    interpolated."""
    last = curves.shape[1] - 1
    place = speed.unsqueeze(1) * torch.arange(last + 1)
    before = place.long()
    after = (before + 1).clamp(max=last)
    share = (place - before).to(curves)
    return torch.lerp(curves.gather(1, before), curves.gather(1, after), share)
