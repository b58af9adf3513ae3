"""Sentence pairs: their text, the vocabularies of a training, the numbers of their words, batches.

All source sentences of a batch are equally long. So an encoder of whatever cell, in either
direction, ends every sentence in the state that it would have alone, and attention needs no mask.
Targets are padded behind their end, where nothing that counts comes after.

Shapes: S source steps, T target steps, B pairs.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from archsearch.data.errors import DataError
from archsearch.data.store import CorpusFile, read_texts
from archsearch.data.text import UNKNOWN
from archsearch.decoding import lines_of

# The first words of every vocabulary. Text that has one of them has an unknown word there.
PAD, UNK, BEGIN, END = range(4)
SPECIAL_WORDS = ("<pad>", UNKNOWN, "<s>", "</s>")


class SentencePairs(NamedTuple):
    """Line k of both is a pair; words have white space between them."""

    source: Sequence[str]
    target: Sequence[str]


@dataclass(frozen=True, slots=True)
class ParallelText:
    """The three splits of a parallel corpus as they are written."""

    name: str
    train: SentencePairs
    valid: SentencePairs
    test: SentencePairs


class ParallelSource(ABC):
    """Loads a ParallelText when it is called; made without touching any file."""

    @property
    @abstractmethod
    def notes(self) -> Mapping[str, str]:
        """What figures on it must be quoted with, by name."""

    @abstractmethod
    def __call__(self) -> ParallelText:
        """The text, or DataError. A process reads files once; later calls give the same text."""


def sentence_pairs(source: str, target: str, names: tuple[str, str]) -> SentencePairs:
    """Pairs from two texts of as many lines; `names` are those of their files."""
    pairs = SentencePairs(tuple(lines_of(source)), tuple(lines_of(target)))
    num_lines = len(pairs.source), len(pairs.target)
    if num_lines[0] != num_lines[1]:
        raise DataError(
            f"expected as many lines in both files of sentence pairs, got {num_lines[0]:,} in "
            f"{names[0]} and {num_lines[1]:,} in {names[1]}; line k of one must translate line k "
            "of the other"
        )
    return pairs


def verified_pairs(
    files: tuple[CorpusFile, CorpusFile], root: str, mirror: str | None
) -> SentencePairs:
    """The pairs of two files of a published corpus, of the source and of the target."""
    source, target = read_texts(files, root, mirror)
    return sentence_pairs(source, target, (files[0].path, files[1].path))


def check_languages(source: str, target: str, known: tuple[str, str]) -> None:
    """DataError unless source and target are the known languages, in either order."""
    if sorted((source, target)) != sorted(known):
        raise DataError(
            f"source, target: expected {' and '.join(known)} in either order, got "
            f"{source} and {target}"
        )


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Words by number: the special ones, then from the most frequent to the rarest."""

    words: tuple[str, ...]

    @classmethod
    def of(
        cls, sentences: Iterable[str], min_count: int = 1, max_size: int | None = None
    ) -> "Vocabulary":
        """The words that occur `min_count` times, at most `max_size` with the special ones.

        Words of equal frequency are in alphabetical (code point) order.
        """
        counts = Counter(word for sentence in sentences for word in sentence.split())
        for word in SPECIAL_WORDS:
            del counts[word]
        frequent = [word for word, count in counts.items() if count >= min_count]
        frequent.sort(key=lambda word: (-counts[word], word))
        return cls((*SPECIAL_WORDS, *frequent)[:max_size])

    def __len__(self) -> int:
        return len(self.words)

    @cached_property
    def _numbers(self) -> Mapping[str, int]:
        first = len(SPECIAL_WORDS)
        return {word: number for number, word in enumerate(self.words[first:], first)}

    def encode(self, sentence: str) -> Tensor:
        """The numbers (N,) int64 of its words, closed by END."""
        numbers = [self._numbers.get(word, UNK) for word in sentence.split()]
        return torch.tensor([*numbers, END])

    def decode(self, numbers: Iterable[int]) -> str:
        """The words of numbers without END, with blanks between them."""
        return " ".join(self.words[number] for number in numbers)


class Pair(NamedTuple):
    """A sentence and its translation, each (N,) int64 and closed by END."""

    source: Tensor
    target: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class ParallelCorpus:
    """Vocabularies and encoded pairs of a training; references are what BLEU compares with.

    teaches_unknown: training has `<unk>` in its target sentences; where it has not, perplexity
        leaves it out, as that of a `TokenCorpus.scored`.
    """

    name: str
    source: Vocabulary
    target: Vocabulary
    train: tuple[Pair, ...]
    valid: tuple[Pair, ...]
    test: tuple[Pair, ...]
    valid_references: tuple[str, ...]
    test_references: tuple[str, ...]
    teaches_unknown: bool


def parallel_corpus(
    text: ParallelText,
    *,
    min_count: int = 1,
    vocabulary_size: int | None = None,
    max_train_pairs: int | None = None,
    max_valid_pairs: int | None = None,
) -> ParallelCorpus:
    """Encode a text for a budget; None, or more than there is, keeps all.

    Training and validation keep their leading pairs, the test split all. Vocabularies, of at most
    `vocabulary_size` words each, are those of the training pairs kept: other words are `<unk>`.
    References stay as they are written.
    """
    smallest = len(SPECIAL_WORDS) + 1
    if vocabulary_size is not None and vocabulary_size < smallest:
        raise DataError(
            f"vocabulary_size: expected at least {smallest} ({len(SPECIAL_WORDS)} special words "
            f"and a word), got {vocabulary_size}"
        )
    train, valid = _leading(text.train, max_train_pairs), _leading(text.valid, max_valid_pairs)
    source = Vocabulary.of(train.source, min_count, vocabulary_size)
    target = Vocabulary.of(train.target, min_count, vocabulary_size)

    def encode(pairs: SentencePairs) -> tuple[Pair, ...]:
        return tuple(
            Pair(source.encode(sentence), target.encode(translation))
            for sentence, translation in zip(*pairs, strict=True)
        )

    pairs = encode(train)
    teaches_unknown = any(UNK in pair.target for pair in pairs)
    return ParallelCorpus(
        text.name, source, target, pairs, encode(valid), encode(text.test),
        tuple(valid.target), tuple(text.test.target), teaches_unknown,
    )  # fmt: skip


def _leading(pairs: SentencePairs, count: int | None) -> SentencePairs:
    return SentencePairs(pairs.source[:count], pairs.target[:count])


class PairBatch(NamedTuple):
    """B pairs, as the encoder reads, the decoder reads, and the decoder has to predict."""

    source: Tensor  # (S, B) int64
    inputs: Tensor  # (T, B) int64: BEGIN and the target without its end, then PAD
    targets: Tensor  # (T, B) int64: the target, then PAD
    pairs: tuple[int, ...]  # their places in the split


def pair_batches(
    pairs: Sequence[Pair], batch_size: int, generator: torch.Generator | None = None
) -> list[PairBatch]:
    """All pairs, each once, in batches of up to `batch_size`.

    Sorted by the lengths of source and target, so little is padded. With a generator, pairs of
    equal lengths, and then the batches, are shuffled. Batches of the rarer source lengths are
    smaller: of the 29,000 pairs of Multi30k in batches of 64, 454 become 476.
    """
    if len(pairs) < batch_size:
        raise DataError(
            f"{len(pairs):,} sentence pairs are too few for batch_size {batch_size}; "
            "try a smaller budget.batch_size or more data"
        )
    order = _permutation(len(pairs), generator)
    order.sort(key=lambda i: (len(pairs[i].source), len(pairs[i].target)))
    batches = [_batch(pairs, rows) for rows in _cut(pairs, order, batch_size)]
    return [batches[i] for i in _permutation(len(batches), generator)]


def _permutation(length: int, generator: torch.Generator | None) -> list[int]:
    if generator is None:
        return list(range(length))
    numbers: list[int] = torch.randperm(length, generator=generator).tolist()
    return numbers


def _cut(pairs: Sequence[Pair], order: list[int], batch_size: int) -> Iterator[list[int]]:
    rows: list[int] = []
    for i in order:
        if rows and (len(rows) == batch_size or len(pairs[i].source) != len(pairs[rows[0]].source)):
            yield rows
            rows = []
        rows.append(i)
    yield rows


def _batch(pairs: Sequence[Pair], rows: list[int]) -> PairBatch:
    targets = pad_sequence([pairs[i].target for i in rows], padding_value=PAD)
    begin = torch.full((1, len(rows)), BEGIN)
    ended = torch.where(targets[1:] == PAD, PAD, targets[:-1])
    source = torch.stack([pairs[i].source for i in rows], dim=1)
    return PairBatch(source, torch.cat((begin, ended)), targets, tuple(rows))
