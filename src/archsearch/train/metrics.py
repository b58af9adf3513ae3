"""What trained networks are judged by."""

from enum import StrEnum


class LanguageMetric(StrEnum):
    """What a language model is judged by, over the symbols that count."""

    PERPLEXITY = "perplexity"
    BITS = "bits a symbol"  # log2 of the perplexity
    ACCURACY = "accuracy"  # the share of symbols that got the largest probability


class MusicMetric(StrEnum):
    """What a network is judged by, over frames 2 to T of all pieces."""

    F1 = "F1"  # of the keys predicted, at a threshold chosen on validation data
    NLL = "nll"  # nats a frame: the binary cross entropy summed over the keys
