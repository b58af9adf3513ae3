"""Encoder-decoders."""

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F

from archsearch.architecture import Architecture
from archsearch.export.layers import LayerCode
from archsearch.export.networks.network import EXTRA_STEPS, Network, Tensors
from archsearch.export.parts import encoder_decoder
from archsearch.nn import EncoderDecoder


class EncoderDecoderCode(Network):
    """See Network."""

    kind = "an encoder-decoder"
    usage = "logits = model(source, target)  # (S, B), (T, B) -> (T, B, V)"
    layers: LayerCode
    shapes = (
        "S source steps, T target steps, B batch, V target vocabulary, X input features, "
        "H hidden features"
    )
    part = encoder_decoder

    def __init__(self, network: EncoderDecoder, architecture: Architecture) -> None:
        self._network = network
        backward = network.encoder.backward_layer
        stacks = (network.encoder.layers, [] if backward is None else [backward])
        self.layers = LayerCode([*stacks, network.decoder.layers], architecture)
        self._encoder, self._backward, self._decoder = self.layers.stacks

    def build(self) -> list[str]:
        code, network = self.layers, self._network
        source_size, embedding_size = network.encoder.embedding.shape
        target_size, width = network.softmax_weight.shape
        backward = code.made("backward_layer", self._backward[0]) if self._backward else []
        arguments = "source_embedding, layers" + (", backward_layer" if backward else "")
        score = "dot" if network.decoder.attention.weight is None else "general"
        return [
            f"    source_embedding = nn.Embedding({source_size}, {embedding_size})",
            *code.made_stack(self._encoder),
            *backward,
            f"    encoder = Encoder({arguments})",
            "",
            f"    target_embedding = nn.Embedding({target_size}, {embedding_size})",
            *code.made_stack(self._decoder),
            f'    attention = GlobalAttention({width}, "{score}")',
            f"    output = nn.Linear({2 * width}, {width}, bias=False)",
            "    decoder = Decoder(target_embedding, layers, attention, output)",
            "",
            f"    return Model(encoder, decoder, nn.Linear({width}, {target_size}))",
        ]

    def weights(self) -> Tensors:
        network, code = self._network, self.layers
        tensors = {
            "encoder.embedding.weight": network.encoder.embedding,
            **code.stack_weights(self._encoder, "encoder.layers"),
            "decoder.embedding.weight": network.decoder.embedding,
            **code.stack_weights(self._decoder, "decoder.layers"),
            "decoder.output.weight": network.decoder.output,
            "softmax.weight": network.softmax_weight,
            "softmax.bias": network.softmax_bias,
        }
        for layer in self._backward:
            tensors |= code.weights(layer, "encoder.backward_layer.")
        if network.decoder.attention.weight is not None:
            tensors["decoder.attention.weight"] = network.decoder.attention.weight
        return tensors

    def inputs(self, length: int, batch: int, generator: torch.Generator) -> Tensors:
        sizes = len(self._network.encoder.embedding), len(self._network.decoder.embedding)
        source = (length + EXTRA_STEPS, batch)
        return {
            "source": torch.randint(sizes[0], source, generator=generator),
            "target": torch.randint(sizes[1], (length, batch), generator=generator),
        }

    def trained(self, inputs: Tensors) -> Tensors:
        vectors = self._network(inputs["source"], inputs["target"])
        logits = F.linear(vectors, self._network.softmax_weight, self._network.softmax_bias)
        return {"logits": logits}

    def exported(self, model: Callable[..., Any], inputs: Tensors) -> Tensors:
        return {"logits": model(inputs["source"], inputs["target"])}
