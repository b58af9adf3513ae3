"""Networks built of cells."""

from archsearch.nn.dropout import dropout, embedding_dropout, variational_dropout
from archsearch.nn.language_model import Features, LanguageModel, activation_penalty
from archsearch.nn.recurrent import RecurrentLayer

__all__ = [
    "Features",
    "LanguageModel",
    "RecurrentLayer",
    "activation_penalty",
    "dropout",
    "embedding_dropout",
    "variational_dropout",
]
