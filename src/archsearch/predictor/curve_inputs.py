"""What a network is told of the start of a learning curve.

Values and differences alone do not suffice: trainings that seem to stand still, and then do or do
not take off, differ by a few thousandths. So differences come on a logarithmic scale too, with the
distance from the best epoch so far and the roughness of the curve. Sizes are of ln perplexity.
"""

import torch

SMALL, TINY, FINEST = 0.03, 0.01, 0.003  # differences around which the logarithmic scales bend
NUM_INPUTS = 8


def curve_inputs(starts: torch.Tensor) -> torch.Tensor:
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


def _difference(curves: torch.Tensor) -> torch.Tensor:
    """From the epoch before; 0 for the first."""
    return torch.diff(curves, prepend=curves[:, :1])
