"""A task of one's own: what bracket comes next in text such as `([]{})[]`.

Only a network that remembers which brackets are open can predict the closing ones.
"""

import random

from archsearch.data import TokenCorpus
from archsearch.data.text import character_corpus

PAIRS = ("()", "[]", "{}")


def load_brackets(
    seed: int = 0, max_depth: int = 6, train_symbols: int = 100_000, valid_symbols: int = 10_000
) -> TokenCorpus:
    """The corpus; the test split is as long as that for validation. Equal for equal arguments."""
    sizes = {"train": train_symbols, "valid": valid_symbols, "test": valid_symbols}
    texts = {
        split: _brackets(random.Random(f"{seed} {split}"), size, max_depth)
        for split, size in sizes.items()
    }
    return character_corpus("brackets", texts["train"], texts["valid"], texts["test"])


def _brackets(rng: random.Random, size: int, max_depth: int) -> str:
    text, still_open = [], []
    while len(text) < size:
        closes = still_open and (len(still_open) == max_depth or rng.random() < 0.5)
        if closes:
            text.append(still_open.pop())
        else:
            opening, closing = rng.choice(PAIRS)
            text.append(opening)
            still_open.append(closing)
    return "".join(text)
