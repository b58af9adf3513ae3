"""The networks that can be exported: one file for each kind."""

from torch import nn

from archsearch.architecture import Architecture
from archsearch.export.networks.convolutional import ConvolutionalCode
from archsearch.export.networks.encoder_decoder import EncoderDecoderCode
from archsearch.export.networks.network import Network, Tensors
from archsearch.export.networks.stack import BareLayerCode, FrameModelCode, LanguageModelCode
from archsearch.nn import (
    ConvolutionalNetwork,
    EncoderDecoder,
    FrameModel,
    LanguageModel,
    RecurrentLayer,
)

__all__ = ["Network", "Tensors", "code_of"]


def code_of(network: nn.Module, architecture: Architecture) -> Network:
    """The code of a network, made of layers of this architecture.

    Raises:
        ValueError: it is of a kind that cannot be exported.
    """
    match network:
        case LanguageModel():
            return LanguageModelCode(network, architecture)
        case FrameModel():
            return FrameModelCode(network, architecture)
        case EncoderDecoder():
            return EncoderDecoderCode(network, architecture)
        case ConvolutionalNetwork():
            return ConvolutionalCode(network)
        case RecurrentLayer():
            return BareLayerCode(network, architecture)
        case _:
            raise ValueError(
                "expected a network of archsearch.nn, got a "
                f"{type(network).__name__}, of which no code is known"
            )
