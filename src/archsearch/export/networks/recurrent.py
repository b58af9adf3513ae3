"""What language and frame models have in common: layers whose states go in and come out."""

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from archsearch.export.layers import LayerCode
from archsearch.export.networks.network import BATCH, Tensors
from archsearch.nn import RecurrentLayer

LAST = "_after"  # behind the name of a state that comes out


def recurrent_layers(modules: Iterable[nn.Module]) -> list[RecurrentLayer]:
    """The layers of a list of modules, which has no other ones."""
    layers = [module for module in modules if isinstance(module, RecurrentLayer)]
    assert len(layers) == len(list(modules))
    return layers


class LayerStates:
    """The states of layers as inputs `layer0_h`, … and outputs `layer0_h_after`, …"""

    def __init__(self, layers: Sequence[RecurrentLayer]) -> None:
        self._widths = [layer.state_widths for layer in layers]

    def drawn(self, batch: int, generator: torch.Generator) -> Tensors:
        """Some states; the number of steps is small."""
        return {
            f"layer{i}_{name}": torch.tensor(3)
            if width is None
            else torch.rand(batch, width, generator=generator) - 0.5
            for i, widths in enumerate(self._widths)
            for name, width in widths.items()
        }

    def axes(self) -> dict[str, dict[int, str]]:
        """Those of free size."""
        return {
            f"layer{i}_{name}": {} if width is None else {0: BATCH}
            for i, widths in enumerate(self._widths)
            for name, width in widths.items()
        }

    def joined(self, inputs: Mapping[str, Tensor]) -> list[Tensors]:
        """The states as the networks take them."""
        return [
            {name: inputs[f"layer{i}_{name}"] for name in widths}
            for i, widths in enumerate(self._widths)
        ]

    def named(self, states: Sequence[Mapping[str, Tensor]]) -> Tensors:
        """The states that the networks give, as outputs."""
        return {
            f"layer{i}_{name}{LAST}": states[i][name]
            for i, widths in enumerate(self._widths)
            for name in widths
        }


def made_layers(code: LayerCode, layers: Sequence[RecurrentLayer], prefix: str = "") -> list[str]:
    """The statements that make variables `layer1`, `layer2`, …"""
    return [
        line
        for i, layer in enumerate(layers, start=1)
        for line in code.made(f"{prefix}layer{i}", layer)
    ]


def layer_list(layers: Sequence[RecurrentLayer], prefix: str = "") -> list[str]:
    """The names of those variables."""
    return [f"{prefix}layer{i}" for i in range(1, len(layers) + 1)]


def layer_weights(
    code: LayerCode, layers: Sequence[RecurrentLayer], prefix: str = "layers"
) -> Tensors:
    """Of all layers of a list."""
    tensors: Tensors = {}
    for i, layer in enumerate(layers):
        tensors |= code.weights(layer, f"{prefix}.{i}")
    return tensors
