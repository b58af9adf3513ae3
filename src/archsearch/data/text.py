"""Text as symbols of a vocabulary, and as streams of their numbers."""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Protocol

import numpy as np
import torch
from torch import Tensor

from archsearch.data.errors import DataError

END_OF_SENTENCE = "<eos>"
UNKNOWN = "<unk>"


class Symbols(Protocol):
    """Of one level: words, characters, pieces of words. `name` is what one is called."""

    name: ClassVar[str]

    def split(self, text: str) -> list[str]:
        """The symbols of a text."""

    def join(self, symbols: Sequence[str]) -> str:
        """The text of symbols."""


class Characters:
    """Every character is a symbol."""

    name: ClassVar[str] = "character"

    def split(self, text: str) -> list[str]:
        return list(text)

    def join(self, symbols: Sequence[str]) -> str:
        return "".join(symbols)


class Words:
    """Split at white space; `<eos>` where a line ends."""

    name: ClassVar[str] = "word"

    def split(self, text: str) -> list[str]:
        return text.replace("\n", f" {END_OF_SENTENCE} ").split()

    def join(self, symbols: Sequence[str]) -> str:
        lines = " ".join(symbols).split(END_OF_SENTENCE)
        return "\n".join(line.strip() for line in lines)


@dataclass(frozen=True, slots=True, eq=False)
class TokenCorpus:
    """Three streams of tokens, each a 1-D int64 tensor of indices into `vocabulary`.

    A token n that is read but need not be predicted, such as the digits of an exercise whose result
    is asked, stands there as ~n, which is negative; `all_scored` says that there is none.
    `symbols` is how texts fall into them.

    The tensors are shared between users of the same corpus: read them, never write them.
    """

    name: str
    vocabulary: tuple[str, ...]  # words: the most frequent in the training split first
    train: Tensor
    valid: Tensor
    test: Tensor
    all_scored: bool = True
    symbols: Symbols = field(default_factory=Characters)

    def encode(self, text: str) -> list[int]:
        """The numbers of a text's symbols; unknown ones are `<unk>`, or a ValueError without it."""
        index = {symbol: number for number, symbol in enumerate(self.vocabulary)}
        symbols = self.symbols.split(text)
        unknown = next((symbol for symbol in symbols if symbol not in index), None)
        if unknown is not None and UNKNOWN not in index:
            raise ValueError(
                f"{unknown!r}: expected symbols of {self.name}, which has no {UNKNOWN}; they are "
                f"{' '.join(map(repr, self.vocabulary[:100]))}"
            )
        return [index[symbol if symbol in index else UNKNOWN] for symbol in symbols]

    def decode(self, numbers: Sequence[int]) -> str:
        """The text of symbols."""
        return self.symbols.join([self.vocabulary[number] for number in numbers])

    def limit(
        self,
        *,
        max_train_symbols: int | None = None,
        max_valid_symbols: int | None = None,
        vocabulary_size: int | None = None,
    ) -> "TokenCorpus":
        """The same corpus made smaller for a budget; None, or more than there is, keeps all.

        Splits keep their leading part, the test split all of it. With `vocabulary_size` V the
        vocabulary is `<unk>` and the V − 1 most frequent other words; all else becomes `<unk>`.
        Perplexities over different vocabularies cannot be compared.
        """
        corpus = self
        if vocabulary_size is not None and vocabulary_size < len(self.vocabulary):
            corpus = _limit_vocabulary(self, vocabulary_size)
        return replace(
            corpus,
            train=_leading(corpus.train, max_train_symbols, "max_train_symbols"),
            valid=_leading(corpus.valid, max_valid_symbols, "max_valid_symbols"),
        )

    def scored(self) -> "TokenCorpus":
        """The same corpus, whose evaluations leave `<unk>` out where training has none.

        Nothing could teach a network how likely it is there: its output bias and vector are only
        pushed down, the longer the further, and a few unknown words would drown what is compared.
        So it is read, with the embedding that it began with, but it need not be predicted, and
        perplexities are those of the symbols that could be learnt. Where training has `<unk>`, for
        its rare words, it is predicted as any other symbol. DataError where there is nothing else.
        """
        if UNKNOWN not in self.vocabulary:
            return self
        unknown = self.vocabulary.index(UNKNOWN)
        if (self.train == unknown).any():
            return self
        valid, test = (torch.where(s == unknown, ~s, s) for s in (self.valid, self.test))
        for name, split in (("valid", valid), ("test", test)):
            if len(split) and not (split >= 0).any():
                raise DataError(
                    f"{self.name} ({name}): expected symbols that the training text has, got none "
                    f"among {len(split):,}"
                )
        are_scored = bool((valid >= 0).all() and (test >= 0).all())
        return replace(self, valid=valid, test=test, all_scored=self.all_scored and are_scored)


def split_words(text: str) -> list[str]:
    """The words of a text, each line, the last one too, closed by `<eos>`."""
    return Words().split(text if text.endswith("\n") or not text else text + "\n")


def word_corpus(
    name: str,
    train: str,
    valid: str,
    test: str,
    *,
    min_count: int = 1,
    open_vocabulary: bool = False,
) -> TokenCorpus:
    """A corpus from three texts, with the vocabulary of the training text.

    Words are numbered by falling frequency, then in alphabetical (code point) order. Those of
    another split that the training text lacks are `<unk>`, and so are, in all splits, those that it
    has less than `min_count` times.

    open_vocabulary: `<unk>` is a symbol in any case, not only where something is to be read as it.
    """
    splits = [split_words(text) for text in (train, valid, test)]
    return _corpus(name, Words(), splits, min_count, open_vocabulary)


def character_corpus(
    name: str, train: str, valid: str, test: str, *, open_vocabulary: bool = False
) -> TokenCorpus:
    """The same, whose symbols are the characters of the training text."""
    return _corpus(name, Characters(), (train, valid, test), 1, open_vocabulary)


def _corpus(
    name: str,
    symbols: Symbols,
    splits: Sequence[Sequence[str]],
    min_count: int,
    open_vocabulary: bool,
) -> TokenCorpus:
    counts = Counter(splits[0])
    rare = [s for s, count in counts.items() if count < min_count and s != END_OF_SENTENCE]
    num_rare = sum(counts.pop(symbol) for symbol in rare)
    if open_vocabulary or rare or any(set(split) - counts.keys() for split in splits[1:]):
        counts[UNKNOWN] += num_rare
    vocabulary = sorted(counts, key=lambda symbol: (-counts[symbol], symbol))
    index = {symbol: number for number, symbol in enumerate(vocabulary)}
    unknown = index.get(UNKNOWN, 0)
    train, valid, test = (
        torch.from_numpy(
            np.fromiter((index.get(s, unknown) for s in split), dtype=np.int64, count=len(split))
        )
        for split in splits
    )
    return TokenCorpus(name, tuple(vocabulary), train, valid, test, symbols=symbols)


def _limit_vocabulary(corpus: TokenCorpus, size: int) -> TokenCorpus:
    if UNKNOWN not in corpus.vocabulary:
        raise DataError(
            f"the vocabulary of {corpus.name} ({len(corpus.vocabulary)} symbols) has no {UNKNOWN} "
            f"and cannot be limited to {size}; leave vocabulary_size out for this corpus"
        )
    if size < 2:
        raise DataError(f"vocabulary_size: expected at least 2 ({UNKNOWN} and a word), got {size}")
    unknown = corpus.vocabulary.index(UNKNOWN)
    kept = [*range(size)] if unknown < size else [*range(size - 1), unknown]
    renumbered = torch.full((len(corpus.vocabulary),), kept.index(unknown), dtype=torch.int64)
    renumbered[kept] = torch.arange(size)
    return replace(
        corpus,
        vocabulary=tuple(corpus.vocabulary[number] for number in kept),
        train=renumbered[corpus.train],
        valid=renumbered[corpus.valid],
        test=renumbered[corpus.test],
    )


def _leading(tokens: Tensor, count: int | None, argument: str) -> Tensor:
    if count is not None and count < 1:
        raise DataError(f"{argument}: expected at least 1, or none for all, got {count}")
    return tokens if count is None else tokens[:count]


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
