"""Means over an evaluation, and perplexities."""

import math

from torch import Tensor

SLACK_PERPLEXITY = 1000.0
LARGEST_NATS = 700.0  # whose exponential is still a float


class Mean:
    """Over what an evaluation counts. It is summed on the device, which is not waited for."""

    def __init__(self) -> None:
        self._sum: Tensor | float = 0.0
        self._size = 0.0

    def add(self, total: Tensor | float, size: float) -> None:
        """Of so many."""
        self._sum = self._sum + total
        self._size += size

    @property
    def value(self) -> float:
        return float(self._sum) / self._size


def perplexity_of(nats: float) -> float:
    """Of a mean cross entropy."""
    return nats if math.isnan(nats) else math.exp(min(nats, LARGEST_NATS))


def too_perplexed(perplexity: float, limit: float) -> str | None:
    """Why a training with this validation perplexity has diverged, if it has."""
    if perplexity <= limit:
        return None
    return f"validation perplexity {perplexity:.4g} over {limit:.4g}"


def perplexity_limit(num_symbols: int) -> float:
    """The validation perplexity above which a training has diverged, unless a task says another.

    Twice what guessing gets among so many symbols, and at least `SLACK_PERPLEXITY`: what a healthy
    first epoch costs where it is sure of the wrong symbol, such as a word that was rare in
    training, depends on how sure it is and not on how many symbols there are. A thousand is to give
    the right one a thousandth, in the geometric mean.
    """
    return max(2.0 * num_symbols, SLACK_PERPLEXITY)
