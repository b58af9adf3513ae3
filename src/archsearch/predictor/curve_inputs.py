"""What is learnt from curves: inputs from how they start, and copies that learn more slowly.

Values and differences alone do not suffice: trainings that seem to stand still, and then do or do
not take off, differ by a few thousandths. So differences come on a logarithmic scale too, with the
distance from the best epoch so far and the roughness of the curve. Sizes are of ln perplexity.
"""

import torch
from torch import Tensor

SMALL, TINY, FINEST = 0.03, 0.01, 0.003  # differences around which the logarithmic scales bend
NUM_INPUTS = 8


def curve_inputs(starts: Tensor) -> Tensor:
    """Starts of curves (N, T) -> inputs (N, T, NUM_INPUTS), each epoch's from those before it,
    but for the distances from the last."""
    epoch = torch.arange(starts.shape[1]).expand_as(starts)
    to_last = starts - starts[:, -1:]
    step = _difference(starts)
    roughness = _difference(step).abs().cumsum(1) / (epoch + 1)
    best, best_epoch = starts.cummax(1)
    return torch.stack(
        [
            starts,
            to_last,
            torch.asinh(to_last / SMALL),
            torch.asinh(step / TINY),
            torch.log(best - starts + FINEST),
            torch.log(best - starts[:, :1] + FINEST),
            (epoch - best_epoch).to(starts),
            torch.log(roughness + FINEST),
        ],
        dim=2,
    )


def _difference(curves: Tensor) -> Tensor:
    """From the epoch before; 0 for the first."""
    return torch.diff(curves, prepend=curves[:, :1])


def slowed(curves: Tensor, slowest: float, generator: torch.Generator) -> Tensor:
    """Curves as they might have been had a training learnt less in each epoch: each of (N, T) at a
    speed between `slowest` and 1, drawn evenly in its logarithm."""
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
