"""Networks built of cells."""

from archsearch.nn.beam_search import Beam, beam_search
from archsearch.nn.convolutional import ConvolutionalNetwork
from archsearch.nn.cross_entropy import linear_cross_entropy
from archsearch.nn.dropout import dropout, embedding_dropout, variational_dropout
from archsearch.nn.encoder_decoder import EncoderDecoder
from archsearch.nn.frame_model import FrameModel, frame_nll
from archsearch.nn.head import AdaptiveSoftmax
from archsearch.nn.heterogeneous import make_layer
from archsearch.nn.language_model import LanguageModel, activation_penalty
from archsearch.nn.recurrent import RecurrentLayer
from archsearch.nn.stack import Features

__all__ = [
    "AdaptiveSoftmax",
    "Beam",
    "ConvolutionalNetwork",
    "EncoderDecoder",
    "Features",
    "FrameModel",
    "LanguageModel",
    "RecurrentLayer",
    "activation_penalty",
    "beam_search",
    "dropout",
    "embedding_dropout",
    "frame_nll",
    "linear_cross_entropy",
    "make_layer",
    "variational_dropout",
]
