"""A convolutional network of any architecture, as a classifier of images.

Zoph & Le, Neural Architecture Search with Reinforcement Learning (2017), sections 3.3 and 4.1.
Shapes: B batch, C channels, H height, W width.

What the paper leaves open, as decided here and in convolutional_layers.py:
- The classifier is the average over all places, then a linear map.
- Its weights start normal, of variance 1 / fan-in.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archsearch.architecture import IMAGE, ConvLayer, ConvNetwork, LayerKind
from archsearch.nn.convolutional_layers import (
    Convolution,
    LocalContrastNorm,
    MaxPooling,
    concatenate,
)


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
            values[index] = self.layers[index](_read(values, layer.inputs))
        last = _read(values, self.architecture.outputs)
        return F.linear(last.mean(dim=(2, 3)), self.weight, self.bias)


def _read(values: Mapping[int, Tensor], inputs: Sequence[int]) -> Tensor:
    return values[inputs[0]] if len(inputs) == 1 else concatenate(*[values[i] for i in inputs])


def _make_layer(layer: ConvLayer, in_channels: int, generator: torch.Generator) -> nn.Module:
    window, stride = (layer.height, layer.width), (layer.stride_height, layer.stride_width)
    match layer.kind:
        case LayerKind.CONV:
            assert layer.num_filters is not None
            return Convolution(in_channels, layer.num_filters, window, stride, generator)
        case LayerKind.MAX_POOL:
            return MaxPooling(window, stride)
        case LayerKind.BATCH_NORM:
            return nn.BatchNorm2d(in_channels)
        case LayerKind.LOCAL_CONTRAST_NORM:
            return LocalContrastNorm()
