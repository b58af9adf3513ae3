"""Recurrent layers one above the other, whose states go in and come out."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from typing_extensions import override

from archsearch.architecture import Architecture
from archsearch.export.layers import LayerCode
from archsearch.export.networks.network import Network, Tensors
from archsearch.export.parts import frame_model, language_model
from archsearch.nn import AdaptiveSoftmax, FrameModel, LanguageModel, RecurrentLayer

SOUNDING = 0.05  # the share of keys that sound in a frame drawn at random


class StackCode(Network):
    """States are inputs `layer0_h`, … and outputs `layer0_h_after`, …"""

    layers: LayerCode
    output = "logits"

    def __init__(self, layers: Iterable[nn.Module], architecture: Architecture) -> None:
        self.layers = LayerCode([layers], architecture)
        self._layers = self.layers.stacks[0]

    @abstractmethod
    def _drawn(self, length: int, batch: int, generator: torch.Generator) -> Tensors:
        """Some input of the first layer, by its name."""

    @abstractmethod
    def _trained(self, x: Tensor, states: list[Tensors]) -> tuple[Tensor, Sequence[Tensors]]:
        """What the network makes of it."""

    @override
    def inputs(self, length: int, batch: int, generator: torch.Generator) -> Tensors:
        drawn = self._drawn(length, batch, generator)
        for i, layer in enumerate(self._layers):
            for name, width in layer.state_widths.items():
                some = torch.tensor(3) if width is None else self._state(batch, width, generator)
                drawn[f"layer{i}_{name}"] = some
        return drawn

    @override
    def trained(self, inputs: Tensors) -> Tensors:
        return self._named(self._trained, inputs)

    @override
    def exported(self, model: Callable[..., Any], inputs: Tensors) -> Tensors:
        return self._named(model, inputs)

    def _named(self, run: Callable[..., Any], inputs: Tensors) -> Tensors:
        """What comes out, by name."""
        y, states = run(next(iter(inputs.values())), self._states(inputs))
        return {self.output: y} | {
            f"layer{i}_{name}_after": states[i][name]
            for i, layer in enumerate(self._layers)
            for name in layer.state_widths
        }

    def _states(self, inputs: Mapping[str, Tensor]) -> list[Tensors]:
        return [
            {name: inputs[f"layer{i}_{name}"] for name in layer.state_widths}
            for i, layer in enumerate(self._layers)
        ]

    @staticmethod
    def _state(batch: int, width: int, generator: torch.Generator) -> Tensor:
        return torch.rand(batch, width, generator=generator) - 0.5


class LanguageModelCode(StackCode):
    """See Network."""

    kind = "a language model"
    usage = "logits, states = model(symbols)  # (T, B) -> (T, B, V)"
    shapes = "T time steps, B batch, V vocabulary, X input features, H hidden features"
    part = language_model

    def __init__(self, network: LanguageModel, architecture: Architecture) -> None:
        super().__init__(network.layers, architecture)
        self._network = network
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
            *self.layers.made_stack(self._layers),
            f"    decoder = {decoder}",
            *tie,
            "    return Model(embedding, layers, decoder)",
        ]

    def weights(self) -> Tensors:
        network, tensors = self._network, self.layers.stack_weights(self._layers, "layers")
        tensors["embedding.weight"] = network.embedding
        if network.adaptive_softmax is not None:
            return tensors | _softmax_weights(network.adaptive_softmax)
        assert network.decoder_bias is not None
        tensors["decoder.bias"] = network.decoder_bias
        if network.free_decoder is not None:
            tensors["decoder.weight"] = network.free_decoder
        return tensors

    @override
    def _drawn(self, length: int, batch: int, generator: torch.Generator) -> Tensors:
        shape = (length, batch)
        return {"symbols": torch.randint(len(self._network.embedding), shape, generator=generator)}

    @override
    def _trained(self, x: Tensor, states: list[Tensors]) -> tuple[Tensor, Sequence[Tensors]]:
        features = self._network(x, states)
        return self._network.logits(features), features.states


class FrameModelCode(StackCode):
    """See Network."""

    kind = "a network over frames of music"
    usage = "logits, states = model(frames)  # (T, B, K) -> (T, B, K)"
    shapes = "T time steps, B batch, K keys, X input features, H hidden features"
    part = frame_model

    def __init__(self, network: FrameModel, architecture: Architecture) -> None:
        super().__init__(network.layers, architecture)
        self._network = network

    def build(self) -> list[str]:
        num_keys, width = self._network.decoder.shape
        made = self.layers.made_stack(self._layers)
        return [*made, f"    return Model(layers, nn.Linear({width}, {num_keys}))"]

    def weights(self) -> Tensors:
        return {
            **self.layers.stack_weights(self._layers, "layers"),
            "decoder.weight": self._network.decoder,
            "decoder.bias": self._network.decoder_bias,
            "threshold": self._network.threshold,
        }

    @override
    def _drawn(self, length: int, batch: int, generator: torch.Generator) -> Tensors:
        drawn = torch.rand(length, batch, len(self._network.decoder), generator=generator)
        return {"frames": (drawn < SOUNDING).float()}

    @override
    def _trained(self, x: Tensor, states: list[Tensors]) -> tuple[Tensor, Sequence[Tensors]]:
        features = self._network(x, states)
        return self._network.logits(features), features.states


class BareLayerCode(StackCode):
    """One layer by itself: what there is of a cell that was found but not trained."""

    kind = "a recurrent layer"
    usage = "y, state = model(x)  # (T, B, X) -> (T, B, H)"
    shapes = "T time steps, B batch, X input features, H hidden features"
    output = "y"

    def __init__(self, layer: RecurrentLayer, architecture: Architecture) -> None:
        super().__init__([layer], architecture)
        self._layer = layer

    def build(self) -> list[str]:
        return [*self.layers.made("layer", self._layer), "    return layer"]

    def weights(self) -> Tensors:
        return self.layers.weights(self._layer, "")

    @override
    def exported(self, model: Callable[..., Any], inputs: Tensors) -> Tensors:
        return self._named(lambda x, states: _alone(model, x, states), inputs)

    @override
    def _drawn(self, length: int, batch: int, generator: torch.Generator) -> Tensors:
        return {"x": torch.randn(length, batch, self._layer.input_size, generator=generator)}

    @override
    def _trained(self, x: Tensor, states: list[Tensors]) -> tuple[Tensor, Sequence[Tensors]]:
        return _alone(self._layer, x, states)


def _alone(
    layer: Callable[..., Any], x: Tensor, states: list[Tensors]
) -> tuple[Tensor, list[Tensors]]:
    y, state = layer(x, states[0])
    return y, [state]


def _softmax_weights(softmax: AdaptiveSoftmax) -> Tensors:
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
