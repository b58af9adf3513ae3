"""Networks over frames of music."""

from collections.abc import Callable
from typing import Any

import torch

from archsearch.architecture import Architecture
from archsearch.export.layers import LayerCode
from archsearch.export.networks.network import BATCH, LENGTH, Network, Tensors
from archsearch.export.networks.recurrent import (
    LayerStates,
    layer_list,
    layer_weights,
    made_layers,
    recurrent_layers,
)
from archsearch.export.parts.frame_model import Model
from archsearch.export.parts.recurrent import through
from archsearch.export.statements import listing
from archsearch.nn import FrameModel

SOUNDING = 0.05  # the share of keys that sound in a frame drawn at random


class FrameModelCode(Network):
    """See Network."""

    kind = "a network over frames of music"
    usage = "logits, states = model(frames)  # (T, B, K) -> (T, B, K)"
    layers: LayerCode
    shapes = "T time steps, B batch, K keys, X input features, H hidden features"
    parts = (through, Model)

    def __init__(self, network: FrameModel, architecture: Architecture) -> None:
        self._network = network
        self._layers = recurrent_layers(network.layers)
        self._states = LayerStates(self._layers)
        self.layers = LayerCode(self._layers, architecture)

    def build(self) -> list[str]:
        num_keys, width = self._network.decoder.shape
        return [
            *made_layers(self.layers, self._layers),
            *listing("layers", layer_list(self._layers), 4),
            f"    return Model(layers, nn.Linear({width}, {num_keys}))",
        ]

    def weights(self) -> Tensors:
        return {
            **layer_weights(self.layers, self._layers),
            "decoder.weight": self._network.decoder,
            "decoder.bias": self._network.decoder_bias,
            "threshold": self._network.threshold,
        }

    def inputs(self, length: int, batch: int, generator: torch.Generator) -> Tensors:
        num_keys = len(self._network.decoder)
        drawn = torch.rand(length, batch, num_keys, generator=generator)
        return {"frames": (drawn < SOUNDING).float(), **self._states.drawn(batch, generator)}

    def axes(self) -> dict[str, dict[int, str]]:
        return {"frames": {0: LENGTH, 1: BATCH}, **self._states.axes()}

    def trained(self, inputs: Tensors) -> Tensors:
        features = self._network(inputs["frames"], self._states.joined(inputs))
        logits = self._network.logits(features)
        return {"logits": logits, **self._states.named(features.states)}

    def exported(self, model: Callable[..., Any], inputs: Tensors) -> Tensors:
        logits, states = model(inputs["frames"], self._states.joined(inputs))
        return {"logits": logits, **self._states.named(states)}
