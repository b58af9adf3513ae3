"""The layers of convolutional networks."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Convolution(nn.Module):
    """Filters, normalised and rectified: x (B, C, H, W) -> (B, filters, H′, W′).

    H′ is H / stride, rounded up; so is W′.
    """

    def __init__(
        self,
        in_channels: int,
        num_filters: int,
        window: tuple[int, int],
        stride: tuple[int, int] = (1, 1),
    ) -> None:
        super().__init__()
        self.stride = stride
        self.weight = nn.Parameter(torch.empty(num_filters, in_channels, *window))
        nn.init.kaiming_normal_(self.weight)
        self.norm = nn.BatchNorm2d(num_filters)

    def forward(self, x: Tensor) -> Tensor:
        x, padding = centred(x, self.weight.shape[2:], 0.0)
        x = F.conv2d(x, self.weight, stride=self.stride, padding=padding)
        return F.relu(self.norm(x))


class MaxPooling(nn.Module):
    """The largest of each window: x (B, C, H, W) -> (B, C, H′, W′); see Convolution."""

    def __init__(
        self, window: tuple[int, int], stride: tuple[int, int] = (1, 1)
    ) -> None:
        super().__init__()
        self.window = window
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        x, padding = centred(x, self.window, -torch.inf)
        return F.max_pool2d(x, self.window, stride=self.stride, padding=padding)


def centred(
    x: Tensor, window: tuple[int, int], value: float
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
    return F.pad(x, (right // 2, right - right // 2, down // 2, down - down // 2))
