"""Networks built of cells."""

from archsearch.nn.beam_search import beam_search
from archsearch.nn.convolutional import ConvolutionalNetwork
from archsearch.nn.dropout import dropout
from archsearch.nn.encoder_decoder import EncoderDecoder
from archsearch.nn.frame_model import FrameModel
from archsearch.nn.head import AdaptiveSoftmax
from archsearch.nn.language_model import LanguageModel
from archsearch.nn.recurrent import RecurrentLayer
from archsearch.nn.stack import make_layer

__all__ = [
    "AdaptiveSoftmax",
    "ConvolutionalNetwork",
    "EncoderDecoder",
    "FrameModel",
    "LanguageModel",
    "RecurrentLayer",
    "beam_search",
    "dropout",
    "make_layer",
]
