"""Convolutional networks: all of their code but the layers is generated, a line a layer."""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from archsearch.architecture import IMAGE, LayerKind
from archsearch.export.networks.network import Network, Tensors
from archsearch.export.python_text import docstring, statement
from archsearch.nn import ConvolutionalNetwork

SIDE = 32  # pixels of the images that networks are checked with

_WORDS = {
    LayerKind.CONV: "conv",
    LayerKind.MAX_POOL: "pool",
    LayerKind.BATCH_NORM: "norm",
    LayerKind.LOCAL_CONTRAST_NORM: "contrast",
}


class ConvolutionalCode(Network):
    """See Network."""

    kind = "a convolutional network"
    usage = "logits = model(images)  # (B, C, H, W) -> (B, classes)"
    shapes = (
        "B batch, C channels, H height, W width. Each image comes with a mean of 0 and a variance "
        "of 1 over all its values"
    )

    def __init__(self, network: ConvolutionalNetwork) -> None:
        self._network = network
        self._architecture = network.architecture
        self._depths = network.architecture.depths(network.in_channels)

    @property
    def own_sources(self) -> Sequence[str]:
        text = "images (B, C, H, W) -> logits (B, classes):\n\n" + self._architecture.equations()
        lines = [
            "class Model(nn.Module):",
            *docstring(text, 4),
            "",
            "    def __init__(self) -> None:",
            "        super().__init__()",
        ]
        for index in range(len(self._architecture.layers)):
            lines += statement(f"self.{self._attribute(index)} = ", self._made(index), 8)
        classes, features = self._network.weight.shape
        lines += [
            f"        self.classifier = nn.Linear({features}, {classes})",
            "",
            "    def forward(self, images: Tensor) -> Tensor:",
        ]
        for index, layer in enumerate(self._architecture.layers):
            value = f"self.{self._attribute(index)}({self._read(layer.inputs)})"
            lines += statement(f"y{index} = ", value, 8)
        lines += statement("y = ", self._read(self._architecture.outputs), 8)
        lines.append("        return self.classifier(y.mean((2, 3)))")
        return ["\n".join(lines)]

    def build(self) -> list[str]:
        return ["    return Model()"]

    def weights(self) -> Tensors:
        tensors: Tensors = {
            "classifier.weight": self._network.weight,
            "classifier.bias": self._network.bias,
        }
        for index, layer in enumerate(self._network.layers):
            for key, value in layer.state_dict().items():
                tensors[f"{self._attribute(index)}.{key}"] = value
        return tensors

    def inputs(self, length: int, batch: int, generator: torch.Generator) -> Tensors:  # noqa: ARG002
        shape = (batch, self._network.in_channels, SIDE, SIDE)
        return {"images": torch.randn(shape, generator=generator)}

    def trained(self, inputs: Tensors) -> Tensors:
        return {"logits": self._network(inputs["images"])}

    def exported(self, model: Callable[..., Any], inputs: Tensors) -> Tensors:
        return {"logits": model(inputs["images"])}

    def _attribute(self, index: int) -> str:
        return f"{_WORDS[self._architecture.layers[index].kind]}{index}"

    def _made(self, index: int) -> str:
        layer = self._architecture.layers[index]
        in_channels = sum(self._depths[i] for i in layer.inputs)
        window = f"({layer.height}, {layer.width})"
        stride = f", stride=({layer.stride_height}, {layer.stride_width})"
        if layer.stride_height == layer.stride_width == 1:
            stride = ""
        match layer.kind:
            case LayerKind.CONV:
                return f"Convolution({in_channels}, {layer.num_filters}, {window}{stride})"
            case LayerKind.MAX_POOL:
                return f"MaxPooling({window}{stride})"
            case LayerKind.BATCH_NORM:
                return f"nn.BatchNorm2d({in_channels})"
            case LayerKind.LOCAL_CONTRAST_NORM:
                return "LocalContrastNorm()"

    def _read(self, inputs: Sequence[int]) -> str:
        values = ["images" if i == IMAGE else f"y{i}" for i in inputs]
        return values[0] if len(values) == 1 else f"concatenate({', '.join(values)})"
