"""A recurrent layer for itself: what there is of a cell that was found but not trained."""

from collections.abc import Callable
from typing import Any

import torch

from archsearch.architecture import Architecture
from archsearch.export.layers import LayerCode
from archsearch.export.networks.network import BATCH, LENGTH, Network, Tensors
from archsearch.export.networks.recurrent import LayerStates
from archsearch.nn import RecurrentLayer


class BareLayerCode(Network):
    """See Network."""

    kind = "a recurrent layer"
    usage = "y, state = model(x)  # (T, B, X) -> (T, B, H)"
    layers: LayerCode
    shapes = "T time steps, B batch, X input features, H hidden features"

    def __init__(self, layer: RecurrentLayer, architecture: Architecture) -> None:
        self._layer = layer
        self._states = LayerStates([layer])
        self.layers = LayerCode([layer], architecture)

    def build(self) -> list[str]:
        return [*self.layers.made("layer", self._layer), "    return layer"]

    def weights(self) -> Tensors:
        return {
            name.removeprefix("."): value
            for name, value in self.layers.weights(self._layer, "").items()
        }

    def inputs(self, length: int, batch: int, generator: torch.Generator) -> Tensors:
        x = torch.randn(length, batch, self._layer.input_size, generator=generator)
        return {"x": x, **self._states.drawn(batch, generator)}

    def axes(self) -> dict[str, dict[int, str]]:
        return {"x": {0: LENGTH, 1: BATCH}, **self._states.axes()}

    def trained(self, inputs: Tensors) -> Tensors:
        y, state = self._layer(inputs["x"], self._states.joined(inputs)[0])
        return {"y": y, **self._states.named([state])}

    def exported(self, model: Callable[..., Any], inputs: Tensors) -> Tensors:
        y, state = model(inputs["x"], self._states.joined(inputs)[0])
        return {"y": y, **self._states.named([state])}
