"""A convolutional network of any architecture, as a classifier of images.

Zoph & Le, Neural Architecture Search with Reinforcement Learning (2017), sections 3.3 and 4.1.
Shapes: B batch, C channels, H height, W width.

What the paper leaves open, as decided here:
- A convolution is followed by batch normalisation, then by the rectifier; it has no bias, which the
  normalisation would take away again.
- The first window is centred on the first pixel, the others follow at every stride, so that stride
  s makes ⌈H / s⌉ pixels of H. The border is padded with zeros, for max pooling with −∞. A window of
  even size reaches one pixel further down and right than up and left.
- Smaller inputs of a concatenation are padded on all four sides, so that their centres agree; an
  odd pixel is added below or right.
- The classifier is the average over all places, then a linear map.
- Filters start as He et al., Delving Deep into Rectifiers (2015), equation 10, has it for
  rectifiers: normal, of variance 2 / fan-in; the linear map normal, of variance 1 / fan-in.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archsearch.architecture import IMAGE, ConvLayer, ConvNetwork, LayerKind
from archsearch.nn.local_contrast import LocalContrastNorm


class ConvolutionalNetwork(nn.Module):
    """images (B, C, H, W) -> logits (B, num_classes).

    layers: one module for each layer of the architecture. In training, batch normalisation needs
    more than one value a channel: B·H·W > 1 wherever it stands.
    in_channels: C, such as 3 for colours.
    generator: initial weights are drawn from it.
    """

    def __init__(
        self,
        architecture: ConvNetwork,
        num_classes: int,
        *,
        in_channels: int = 3,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        for name, value in (("num_classes", num_classes), ("in_channels", in_channels)):
            if value < 1:
                raise ValueError(f"{name}: expected at least 1, got {value}")
        self.architecture = architecture
        self.in_channels = in_channels
        depths = architecture.depths(in_channels)
        self.layers = nn.ModuleList(
            _make_layer(layer, sum(depths[i] for i in layer.inputs), generator)
            for layer in architecture.layers
        )
        features = sum(depths[i] for i in architecture.outputs)
        self.weight = nn.Parameter(torch.empty(num_classes, features))
        self.bias = nn.Parameter(torch.zeros(num_classes))
        with torch.no_grad():
            self.weight.normal_(std=features**-0.5, generator=generator)

    def forward(self, images: Tensor) -> Tensor:
        if images.dim() != 4 or images.shape[1] != self.in_channels:
            expected = f"(batch, {self.in_channels}, height, width)"
            raise ValueError(f"images: expected {expected}, got {tuple(images.shape)}")
        values = {IMAGE: images}
        for index, layer in enumerate(self.architecture.layers):
            read = concatenate([values[i] for i in layer.inputs])
            values[index] = self.layers[index](read)
        last = concatenate([values[i] for i in self.architecture.outputs])
        return F.linear(last.mean(dim=(2, 3)), self.weight, self.bias)


class Convolution(nn.Module):
    """x (B, C, H, W) -> (B, num_filters, ⌈H / stride⌉, ⌈W / stride⌉), normalised and rectified."""

    def __init__(self, layer: ConvLayer, in_channels: int, generator: torch.Generator) -> None:
        super().__init__()
        assert layer.num_filters is not None
        self.stride = layer.stride_height, layer.stride_width
        fan_in = in_channels * layer.height * layer.width
        self.weight = nn.Parameter(
            torch.empty(layer.num_filters, in_channels, layer.height, layer.width)
        )
        self.norm = nn.BatchNorm2d(layer.num_filters)
        with torch.no_grad():
            self.weight.normal_(std=(2 / fan_in) ** 0.5, generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        height, width = self.weight.shape[2:]
        x = _even_border(x, height, width, value=0.0)
        padding = (height - 1) // 2, (width - 1) // 2
        return F.relu_(self.norm(F.conv2d(x, self.weight, stride=self.stride, padding=padding)))


class MaxPooling(nn.Module):
    """x (B, C, H, W) -> (B, C, ⌈H / stride⌉, ⌈W / stride⌉): the largest of each window."""

    def __init__(self, layer: ConvLayer) -> None:
        super().__init__()
        self.window = layer.height, layer.width
        self.stride = layer.stride_height, layer.stride_width

    def forward(self, x: Tensor) -> Tensor:
        height, width = self.window
        x = _even_border(x, height, width, value=-torch.inf)
        padding = (height - 1) // 2, (width - 1) // 2
        return F.max_pool2d(x, self.window, stride=self.stride, padding=padding)


def concatenate(values: Sequence[Tensor]) -> Tensor:
    """In depth, each (B, C_i, H_i, W_i) padded with zeros to the largest height and width."""
    if len(values) == 1:
        return values[0]
    height = max(value.shape[2] for value in values)
    width = max(value.shape[3] for value in values)
    return torch.cat([_padded(value, height, width) for value in values], dim=1)


def _make_layer(layer: ConvLayer, in_channels: int, generator: torch.Generator) -> nn.Module:
    match layer.kind:
        case LayerKind.CONV:
            return Convolution(layer, in_channels, generator)
        case LayerKind.MAX_POOL:
            return MaxPooling(layer)
        case LayerKind.BATCH_NORM:
            return nn.BatchNorm2d(in_channels)
        case LayerKind.LOCAL_CONTRAST_NORM:
            return LocalContrastNorm()


def _padded(x: Tensor, height: int, width: int) -> Tensor:
    down, right = height - x.shape[2], width - x.shape[3]
    if down == 0 and right == 0:
        return x
    return F.pad(x, (right // 2, right - right // 2, down // 2, down - down // 2))


def _even_border(x: Tensor, height: int, width: int, value: float) -> Tensor:
    """The one row or column more that a window of even size needs below or right."""
    down, right = 1 - height % 2, 1 - width % 2
    return F.pad(x, (0, right, 0, down), value=value) if down or right else x
