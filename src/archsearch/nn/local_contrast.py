"""Local contrast normalisation.

Jarrett et al., What is the Best Multi-Stage Architecture for Object Recognition? (2009), section 2:
their layer N. Shapes: B batch, C channels, H height, W width.

What the paper leaves open, as decided here:
- The Gaussian has a standard deviation of a quarter of its window.
- At the border, the mean is over the part of the window that lies inside.
- EPSILON keeps the gradient finite where all channels are equal.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

WINDOW = 9  # pixels, both ways
EPSILON = 1e-5  # added to the local variance


class LocalContrastNorm(nn.Module):
    """x (B, C, H, W) -> the same shape: what stands out from its neighbourhood in all channels.

    The local mean v is subtracted, then x − v is divided by its local standard deviation, or by the
    mean over the image of these deviations where that is larger. Has no weights.
    """

    window: Tensor

    def __init__(self) -> None:
        super().__init__()
        distances = torch.arange(WINDOW, dtype=torch.float32) - (WINDOW - 1) / 2
        bell = torch.exp(-0.5 * (distances / (WINDOW / 4)).square())
        weights = torch.outer(bell, bell)
        self.register_buffer("window", (weights / weights.sum())[None, None], persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        centred = x - self._local_mean(x)
        deviation = (self._local_mean(centred.square()) + EPSILON).sqrt()
        return centred / torch.maximum(deviation, deviation.mean(dim=(1, 2, 3), keepdim=True))

    def _local_mean(self, x: Tensor) -> Tensor:
        """Over all channels and the window around each place: (B, 1, H, W)."""
        over_channels = x.mean(dim=1, keepdim=True)
        inside = F.conv2d(torch.ones_like(over_channels[:1]), self.window, padding=WINDOW // 2)
        return F.conv2d(over_channels, self.window, padding=WINDOW // 2) / inside
