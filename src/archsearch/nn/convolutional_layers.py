"""The layers of convolutional networks; they stand in exported files as they stand here.

Shapes: B batch, C channels, H height, W width.

What Zoph & Le (2017) leave open, as decided here:
- A convolution is followed by batch normalisation, then by the rectifier; it has no bias, which the
  normalisation would take away again.
- The first window is centred on the first pixel, the others follow at every stride, so that stride
  s makes ⌈H / s⌉ pixels of H. The border is padded with zeros, for max pooling with −∞. A window of
  even size reaches one pixel further down and right than up and left.
- Smaller inputs of a concatenation are padded on all four sides, so that their centres agree; an
  odd pixel is added below or right.

And what Jarrett et al. (2009) do: the Gaussian has a standard deviation of a quarter of its window;
at the border, the mean is over the part of the window that lies inside; a small number keeps the
gradient finite where all channels are equal.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Convolution(nn.Module):
    """Filters, normalised and rectified: x (B, C, H, W) -> (B, filters, H′, W′).

    H′ is H / stride, rounded up; so is W′. generator: draws the filters, normal, of
    variance 2 / fan-in (He et al. 2015, equation 10).
    """

    def __init__(
        self,
        in_channels: int,
        num_filters: int,
        window: tuple[int, int],
        stride: tuple[int, int] = (1, 1),
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.window = window
        self.stride = stride
        self.weight = nn.Parameter(torch.empty(num_filters, in_channels, *window))
        std = (2 / self.weight[0].numel()) ** 0.5
        nn.init.normal_(self.weight, std=std, generator=generator)
        self.norm = nn.BatchNorm2d(num_filters)

    def forward(self, x: Tensor) -> Tensor:
        x, padding = centred(x, self.window, 0.0)
        x = F.conv2d(x, self.weight, stride=self.stride, padding=padding)
        return F.relu_(self.norm(x))


class MaxPooling(nn.Module):
    """The largest of each window: x (B, C, H, W) -> (B, C, H′, W′); see Convolution."""

    def __init__(
        self,
        window: tuple[int, int],
        stride: tuple[int, int] = (1, 1),
    ) -> None:
        super().__init__()
        self.window = window
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        x, padding = centred(x, self.window, -torch.inf)
        return F.max_pool2d(x, self.window, stride=self.stride, padding=padding)


def centred(
    x: Tensor,
    window: tuple[int, int],
    value: float,
) -> tuple[Tensor, tuple[int, int]]:
    """x, and the padding that centres the first window on the first pixel.

    A window of even size reaches one pixel further down and right: x is padded for it.
    """
    down, right = (1 - size % 2 for size in window)
    if down or right:
        x = F.pad(x, (0, right, 0, down), value=value)
    return x, ((window[0] - 1) // 2, (window[1] - 1) // 2)


class LocalContrastNorm(nn.Module):
    """x (B, C, H, W) -> what stands out from its neighbourhood in all channels.

    Jarrett et al. (2009), section 2: minus the local mean v, then divided by the local
    deviation, or by its mean over the image where that is larger.
    """

    window: Tensor

    def __init__(self) -> None:
        super().__init__()
        bell = torch.exp(-0.5 * (torch.arange(-4.0, 5.0) / 2.25).square())
        window = torch.outer(bell, bell)
        window = (window / window.sum())[None, None]
        self.register_buffer("window", window, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        x = x - self._local_mean(x)
        deviation = (self._local_mean(x.square()) + 1e-5).sqrt()
        return x / torch.maximum(deviation, deviation.mean((1, 2, 3), keepdim=True))

    def _local_mean(self, x: Tensor) -> Tensor:
        """Over all channels and the part of the window that is inside: (B, 1, H, W)."""
        x = x.mean(1, keepdim=True)
        inside = F.conv2d(torch.ones_like(x[:1]), self.window, padding=4)
        return F.conv2d(x, self.window, padding=4) / inside


def concatenate(*values: Tensor) -> Tensor:
    """In depth, smaller images padded with zeros on all sides."""
    height = max(value.shape[2] for value in values)
    width = max(value.shape[3] for value in values)
    return torch.cat([pad_to(value, height, width) for value in values], 1)


def pad_to(x: Tensor, height: int, width: int) -> Tensor:
    """x in the middle of zeros; an odd pixel is added below or right."""
    down, right = height - x.shape[2], width - x.shape[3]
    if down == 0 and right == 0:
        return x
    return F.pad(x, (right // 2, right - right // 2, down // 2, down - down // 2))
