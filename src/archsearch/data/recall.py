"""A test of memory: symbols to read, then to be said again.

Jozefowicz, Zaremba, Sutskever, An Empirical Exploration of Recurrent Network Architectures (2015):
a mutant must first show "on toy problem if it is able to get 95% performance"; from memory, theirs
was to reproduce five symbols out of 26. Here an episode is such as `<dab>dab`: a beginning,
k symbols out of n, blanks if there is to be a delay, a sign to recall, and the symbols once more.

To read an episode of P symbols costs k ln n nats, whatever is remembered; all else is certain to
one who remembers. So who gives recalled symbols the probability p, in the geometric mean, and knows
the rest has the perplexity (n / p)^(k / P) a symbol. p = 1 is the least possible; p = 1 / n
remembers nothing.
"""

import math
import random
import string
from dataclasses import dataclass

import torch
from torch import Tensor

from archsearch.data.errors import DataError
from archsearch.data.text import TokenCorpus, generated

BEGIN, BLANK, RECALL = "<", ".", ">"


@dataclass(frozen=True, slots=True)
class Recall:
    """Makes the corpus: `Recall()()`.

    num_symbols, length, delay: n, k, and how many blanks.
    train_episodes, valid_episodes, test_episodes: their numbers; each has P symbols.
    seed: which text.
    """

    num_symbols: int = 4
    length: int = 3
    delay: int = 0
    train_episodes: int = 12_000
    valid_episodes: int = 1_024
    test_episodes: int = 1_024
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("num_symbols", 2), ("length", 1), ("delay", 0)):
            if getattr(self, name) < least:
                raise DataError(f"{name}: expected {least} or more, got {getattr(self, name)}")
        if self.num_symbols > len(string.ascii_lowercase):
            raise DataError(f"num_symbols: expected at most 26 letters, got {self.num_symbols}")

    @property
    def period(self) -> int:
        """P: the symbols of an episode."""
        return 2 + 2 * self.length + self.delay

    def __call__(self) -> TokenCorpus:
        vocabulary = (*string.ascii_lowercase[: self.num_symbols], BEGIN, BLANK, RECALL)
        sizes = {
            "train": self.train_episodes,
            "valid": self.valid_episodes,
            "test": self.test_episodes,
        }
        return generated("recall", vocabulary, self.seed, sizes, self._episodes, unit="episodes")

    def recalled(self, perplexity: float) -> float:
        """p, from the perplexity over whole episodes.

        At least the share 1 − ln(1 / p) / ln 2 of the symbols is then right where the likeliest one
        is said: where a wrong one is, the right one had a probability of 1/2 at most.
        """
        nats = math.log(perplexity) * self.period / self.length  # a symbol that is recalled
        return min(1.0, self.num_symbols * math.exp(-nats))

    def _episodes(self, num_episodes: int, rng: random.Random) -> Tensor:
        begin, blank, recall = range(self.num_symbols, self.num_symbols + 3)
        tokens: list[int] = []
        for _ in range(num_episodes):
            symbols = rng.choices(range(self.num_symbols), k=self.length)
            tokens += [begin, *symbols, *[blank] * self.delay, recall, *symbols]
        return torch.tensor(tokens)
