"""Which code is that of which network."""

from torch import nn

from archsearch.architecture import Architecture
from archsearch.export.networks.convolutional import ConvolutionalCode
from archsearch.export.networks.encoder_decoder import EncoderDecoderCode
from archsearch.export.networks.frame_model import FrameModelCode
from archsearch.export.networks.language_model import LanguageModelCode
from archsearch.export.networks.layer import BareLayerCode
from archsearch.export.networks.network import Network
from archsearch.nn import (
    ConvolutionalNetwork,
    EncoderDecoder,
    FrameModel,
    LanguageModel,
    RecurrentLayer,
)


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
