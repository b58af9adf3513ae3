"""Recurrent layers one above the other, whose states go in and come out."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from archsearch.architecture import Architecture
from archsearch.export.layers import LayerCode
from archsearch.export.networks.network import Network, Tensors
from archsearch.export.parts import stack
from archsearch.nn import AdaptiveSoftmax, FrameModel, LanguageModel, RecurrentLayer

SOUNDING = 0.05  # the share of keys that sound in a frame drawn at random


class StackCode(Network):
    """States are inputs `layer0_h`, … and outputs `layer0_h_after`, …"""

    layers: LayerCode
    output = "logits"

    def __init__(
        self, network: Any, layers: Iterable[nn.Module], architecture: Architecture
    ) -> None:
        self.layers = LayerCode([layers], architecture)
        self._network = network
        self._layers = self.layers.stacks[0]

    @abstractmethod
    def _drawn(self, length: int, batch: int, generator: torch.Generator) -> Tensors:
        """Some input of the first layer, by its name."""

    def inputs(self, length: int, batch: int, generator: torch.Generator) -> Tensors:
        drawn = self._drawn(length, batch, generator)
        for i, layer in enumerate(self._layers):
            for name, width in layer.state_widths.items():
                some = torch.tensor(3)
                if width is not None:
                    some = torch.rand(batch, width, generator=generator) - 0.5
                drawn[f"layer{i}_{name}"] = some
        return drawn

    def trained(self, inputs: Tensors) -> Tensors:
        return self._named(self._trained, inputs)

    def exported(self, model: Callable[..., Any], inputs: Tensors) -> Tensors:
        return self._named(model, inputs)

    def _trained(self, x: Tensor, states: list[Tensors]) -> tuple[Tensor, Sequence[Tensors]]:
        features = self._network(x, states)
        return self._network.logits(features), features.states

    def _named(self, run: Callable[..., Any], inputs: Tensors) -> Tensors:
        """What comes out, by name."""
        states = [
            {name: inputs[f"layer{i}_{name}"] for name in layer.state_widths}
            for i, layer in enumerate(self._layers)
        ]
        y, after = run(next(iter(inputs.values())), states)
        return {self.output: y} | {
            f"layer{i}_{name}_after": after[i][name]
            for i, layer in enumerate(self._layers)
            for name in layer.state_widths
        }


class LanguageModelCode(StackCode):
    """See Network."""

    kind = "a language model"
    usage = "logits, states = model(symbols)  # (T, B) -> (T, B, V)"
    shapes = "T time steps, B batch, V vocabulary, X input features, H hidden features"
    part = stack

    def __init__(self, network: LanguageModel, architecture: Architecture) -> None:
        super().__init__(network, network.layers, architecture)
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
        tensors["decoder.bias"] = network.decoder_bias
        if network.free_decoder is not None:
            tensors["decoder.weight"] = network.free_decoder
        return tensors

    def _drawn(self, length: int, batch: int, generator: torch.Generator) -> Tensors:
        shape = (length, batch)
        return {"symbols": torch.randint(len(self._network.embedding), shape, generator=generator)}


class FrameModelCode(StackCode):
    """See Network."""

    kind = "a network over frames of music"
    usage = "logits, states = model(frames)  # (T, B, K) -> (T, B, K)"
    shapes = "T time steps, B batch, K keys, X input features, H hidden features"
    part = stack

    def __init__(self, network: FrameModel, architecture: Architecture) -> None:
        super().__init__(network, network.layers, architecture)

    def build(self) -> list[str]:
        num_keys, width = self._network.decoder.shape
        return [
            *self.layers.made_stack(self._layers),
            f"    model = Model(nn.Identity(), layers, nn.Linear({width}, {num_keys}))",
            "    # The probability from which a key counts as predicted.",
            '    model.register_buffer("threshold", torch.tensor(0.5))',
            "    return model",
        ]

    def weights(self) -> Tensors:
        return {
            **self.layers.stack_weights(self._layers, "layers"),
            "decoder.weight": self._network.decoder,
            "decoder.bias": self._network.decoder_bias,
            "threshold": self._network.threshold,
        }

    def _drawn(self, length: int, batch: int, generator: torch.Generator) -> Tensors:
        drawn = torch.rand(length, batch, len(self._network.decoder), generator=generator)
        return {"frames": (drawn < SOUNDING).float()}


class BareLayerCode(StackCode):
    """One layer by itself: what there is of a cell that was found but not trained."""

    kind = "a recurrent layer"
    usage = "y, state = model(x)  # (T, B, X) -> (T, B, H)"
    shapes = "T time steps, B batch, X input features, H hidden features"
    output = "y"

    def __init__(self, layer: RecurrentLayer, architecture: Architecture) -> None:
        super().__init__(layer, [layer], architecture)

    def build(self) -> list[str]:
        return [*self.layers.made("layer", self._network), "    return layer"]

    def weights(self) -> Tensors:
        return self.layers.weights(self._network, "")

    def exported(self, model: Callable[..., Any], inputs: Tensors) -> Tensors:
        def alone(x: Tensor, states: list[Tensors]) -> tuple[Tensor, list[Tensors]]:
            y, state = model(x, states[0])
            return y, [state]

        return self._named(alone, inputs)

    def trained(self, inputs: Tensors) -> Tensors:
        return self.exported(self._network, inputs)

    def _drawn(self, length: int, batch: int, generator: torch.Generator) -> Tensors:
        return {"x": torch.randn(length, batch, self._network.input_size, generator=generator)}


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
