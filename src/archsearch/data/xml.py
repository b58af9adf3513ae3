"""The XML task of Exploration: generated text of nested tags, at the level of characters.

Jozefowicz, Zaremba, Sutskever, An Empirical Exploration of Recurrent Network Architectures (2015):
open a tag of random lower-case letters with probability 1/2, else close the innermost.

What can be predicted: in `</name>` every character after `</`, if the network remembers the open
tags, and that an empty stack is followed by an opening, depth 4 by a closing tag. In nats a pair of
tags costs ln 9 for the length, 6 ln 26 for the letters and 1.5 ln 2 for opening or closing, over
17 characters on average: so no network has an expected perplexity below 3.82 a character, and one
that knows all but the names of open tags does not get below 13.7. The best guesses are right for
0.65 of all characters, and for 0.30 without those names.
"""

import random
import string

import numpy as np
import torch
from torch import Tensor

from archsearch.data.text import TokenCorpus, generated

ALPHABET = tuple(string.ascii_lowercase + "<>/")
MIN_NAME_LETTERS = 2
MAX_NAME_LETTERS = 10
MAX_DEPTH = 4
OPEN_PROBABILITY = 0.5


def generate_xml(num_characters: int, rng: random.Random) -> str:
    """The first `num_characters` of an endless sequence of nested tags, `<ab><xyz></xyz></ab>…`.

    The end may cut a tag.
    """
    tags: list[str] = []
    length = 0
    open_names: list[str] = []
    while length < num_characters:
        if _opens(len(open_names), rng):
            open_names.append(_random_name(rng))
            tag = f"<{open_names[-1]}>"
        else:
            tag = f"</{open_names.pop()}>"
        tags.append(tag)
        length += len(tag)
    return "".join(tags)[:num_characters]


def load_xml(
    seed: int = 0,
    *,
    train_symbols: int = 200_000,
    valid_symbols: int = 20_000,
    test_symbols: int = 20_000,
) -> TokenCorpus:
    """A corpus over `ALPHABET` with splits of the given numbers of characters; `seed` says which
    text."""
    sizes = {"train": train_symbols, "valid": valid_symbols, "test": test_symbols}
    return generated("xml", ALPHABET, seed, sizes, _symbols, unit="symbols")


def _symbols(num_symbols: int, rng: random.Random) -> Tensor:
    text = generate_xml(num_symbols, rng)
    numbers = np.zeros(128, dtype=np.int64)
    numbers[[ord(symbol) for symbol in ALPHABET]] = np.arange(len(ALPHABET))
    return torch.from_numpy(numbers[np.frombuffer(text.encode("ascii"), dtype=np.uint8)])


def _opens(depth: int, rng: random.Random) -> bool:
    return depth == 0 or (depth < MAX_DEPTH and rng.random() < OPEN_PROBABILITY)


def _random_name(rng: random.Random) -> str:
    num_letters = rng.randint(MIN_NAME_LETTERS, MAX_NAME_LETTERS)
    return "".join(rng.choices(string.ascii_lowercase, k=num_letters))
