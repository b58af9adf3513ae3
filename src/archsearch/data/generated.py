"""What generated corpora share."""

import random
from collections.abc import Callable, Mapping

from torch import Tensor

from archsearch.data.errors import DataError
from archsearch.data.text import TokenCorpus


def generated(
    name: str,
    vocabulary: tuple[str, ...],
    seed: int,
    sizes: Mapping[str, int],
    draw: Callable[[int, random.Random], Tensor],
    *,
    unit: str,
    all_scored: bool = True,
) -> TokenCorpus:
    """A corpus whose splits `draw` draws, each of its size, in `unit`.

    `seed` says which text, the same in every process; each split has a generator of its own, so
    that its text does not depend on the length of the others.
    """

    for name_of_split, size in sizes.items():
        if size < 1:
            raise DataError(f"{name_of_split}_{unit}: expected 1 or more, got {size}")

    def split(name_of_split: str) -> Tensor:
        # Seeding by text goes through sha512, so it does not depend on the process's hash seed.
        rng = random.Random(f"archsearch {name} {seed} {name_of_split}")
        return draw(sizes[name_of_split], rng)

    train, valid, test = split("train"), split("valid"), split("test")
    return TokenCorpus(name, vocabulary, train, valid, test, all_scored)
