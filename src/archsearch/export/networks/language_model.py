"""Language models."""

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
from archsearch.export.parts.adaptive_softmax import AdaptiveSoftmax
from archsearch.export.parts.language_model import Model
from archsearch.export.parts.recurrent import through
from archsearch.export.statements import call, listing, name
from archsearch.nn import AdaptiveSoftmax as TrainedSoftmax
from archsearch.nn import LanguageModel


class LanguageModelCode(Network):
    """See Network."""

    kind = "a language model"
    usage = "logits, states = model(symbols)  # (T, B) -> (T, B, V)"
    layers: LayerCode
    shapes = "T time steps, B batch, V vocabulary, X input features, H hidden features"

    def __init__(self, network: LanguageModel, architecture: Architecture) -> None:
        self._network = network
        self._layers = recurrent_layers(network.layers)
        self._states = LayerStates(self._layers)
        self.layers = LayerCode(self._layers, architecture)
        adaptive = network.adaptive_softmax is not None
        self.parts = (through, *((AdaptiveSoftmax,) if adaptive else ()), Model)
        self.tied = {"decoder.weight": "embedding.weight"} if network.tied else {}

    def build(self) -> list[str]:
        vocabulary_size, embedding_size = self._network.embedding.shape
        width = self._layers[-1].output_size
        adaptive = self._network.adaptive_softmax
        if adaptive is None:
            decoder = f"nn.Linear({width}, {vocabulary_size})"
        else:
            decoder = f"AdaptiveSoftmax({width}, {vocabulary_size}, {list(adaptive.cutoffs)})"
        tie = ["    decoder.weight = embedding.weight  # tied"] if self._network.tied else []
        return [
            f"    embedding = nn.Embedding({vocabulary_size}, {embedding_size})",
            *made_layers(self.layers, self._layers),
            *listing("layers", layer_list(self._layers), 4),
            f"    decoder = {decoder}",
            *tie,
            f"    return {call('Model', name('embedding'), name('layers'), name('decoder')).text}",
        ]

    def weights(self) -> Tensors:
        network = self._network
        return {
            "embedding.weight": network.embedding,
            **layer_weights(self.layers, self._layers),
            **(_softmax_weights(network.adaptive_softmax) or self._decoder_weights()),
        }

    def _decoder_weights(self) -> Tensors:
        network = self._network
        assert network.decoder_bias is not None
        tensors: Tensors = {"decoder.bias": network.decoder_bias}
        if network.free_decoder is not None:
            tensors["decoder.weight"] = network.free_decoder
        return tensors

    def inputs(self, length: int, batch: int, generator: torch.Generator) -> Tensors:
        vocabulary_size = len(self._network.embedding)
        symbols = torch.randint(vocabulary_size, (length, batch), generator=generator)
        return {"symbols": symbols, **self._states.drawn(batch, generator)}

    def axes(self) -> dict[str, dict[int, str]]:
        return {"symbols": {0: LENGTH, 1: BATCH}, **self._states.axes()}

    def trained(self, inputs: Tensors) -> Tensors:
        features = self._network(inputs["symbols"], self._states.joined(inputs))
        logits = self._network.logits(features)
        return {"logits": logits, **self._states.named(features.states)}

    def exported(self, model: Callable[..., Any], inputs: Tensors) -> Tensors:
        logits, states = model(inputs["symbols"], self._states.joined(inputs))
        return {"logits": logits, **self._states.named(states)}


def _softmax_weights(softmax: TrainedSoftmax | None) -> Tensors:
    """Those of an adaptive softmax, if there is one."""
    if softmax is None:
        return {}
    tensors: Tensors = {
        "decoder.head.weight": softmax.head_weight,
        "decoder.head.bias": softmax.head_bias,
    }
    for i in range(len(softmax.cutoffs)):
        tensors |= {
            f"decoder.projections.{i}.weight": softmax.projections[i],
            f"decoder.clusters.{i}.weight": softmax.cluster_weights[i],
            f"decoder.clusters.{i}.bias": softmax.cluster_biases[i],
        }
    return tensors
