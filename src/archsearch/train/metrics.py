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


SLACK_PERPLEXITY = 1000.0


def perplexity_limit(num_symbols: int) -> float:
    """The validation perplexity above which a training has diverged, unless a task says another.

    Twice what guessing gets among so many symbols, and at least `SLACK_PERPLEXITY`: what a healthy
    first epoch costs where it is sure of the wrong symbol, such as a word that was rare in
    training, depends on how sure it is and not on how many symbols there are. A thousand is to give
    the right one a thousandth, in the geometric mean.
    """
    return max(2.0 * num_symbols, SLACK_PERPLEXITY)
