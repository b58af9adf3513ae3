"""Text as streams of token numbers over one vocabulary."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from archsearch.data.errors import DataError
from archsearch.data.symbols import END_OF_SENTENCE, Characters, Symbols, Words

UNKNOWN = "<unk>"


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
        """The numbers of a text's symbols; unknown ones are `<unk>`.

        Raises:
            ValueError: there is an unknown one, and no `<unk>`.
        """
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


def split_words(content: bytes) -> list[bytes]:
    """The words of a text in UTF-8, each line split on blanks and closed by `<eos>`."""
    lines = content if content.endswith(b"\n") or not content else content + b"\n"
    return lines.replace(b"\n", f" {END_OF_SENTENCE} ".encode()).split()


def word_corpus(name: str, train: bytes, valid: bytes, test: bytes) -> TokenCorpus:
    """A corpus from three texts, with the vocabulary of the training text.

    Words are numbered by falling frequency, then in alphabetical (UTF-8) order. A word of another
    split that the training text lacks counts as `<unk>` if the training text has that word,
    else it is a DataError.
    """
    train_words = split_words(train)
    counts = Counter(train_words)
    vocabulary = sorted(counts, key=lambda word: (-counts[word], word))
    index = {word: number for number, word in enumerate(vocabulary)}
    return TokenCorpus(
        name,
        tuple(word.decode() for word in vocabulary),
        _encode(train_words, index),
        _encode(_known_words(split_words(valid), index, f"{name} (valid)"), index),
        _encode(_known_words(split_words(test), index, f"{name} (test)"), index),
        symbols=Words(),
    )


def character_corpus(name: str, train: bytes, valid: bytes, test: bytes) -> TokenCorpus:
    """A corpus from three texts in UTF-8, whose symbols are the characters of the training text.

    Characters are numbered by falling frequency, then by code point. Those of another split that
    the training text lacks are `<unk>`, a symbol of its own that exists only where it is needed.

    Raises:
        DataError: a text is no UTF-8.
    """
    texts = {
        "train": decoded(train, f"{name} (train)"),
        "valid": decoded(valid, f"{name} (valid)"),
        "test": decoded(test, f"{name} (test)"),
    }
    counts = Counter(texts["train"])
    vocabulary = sorted(counts, key=lambda symbol: (-counts[symbol], symbol))
    if not set(texts["valid"] + texts["test"]) <= counts.keys():
        vocabulary.append(UNKNOWN)
    unknown = len(vocabulary) - 1
    index = {symbol: number for number, symbol in enumerate(vocabulary)}
    streams = {
        split: torch.tensor([index.get(symbol, unknown) for symbol in text], dtype=torch.int64)
        for split, text in texts.items()
    }
    return TokenCorpus(name, tuple(vocabulary), **streams)


def decoded(content: bytes, where: str) -> str:
    """The text in UTF-8. Raises DataError that says where it is none."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{where}: expected text in UTF-8, got the byte 0x{content[error.start]:02x} in line "
            f"{line}; convert it, such as with iconv -f latin1 -t utf-8"
        ) from None


def counted(corpus: TokenCorpus, num_tokens: Mapping[str, int], num_types: int) -> TokenCorpus:
    """The corpus, whose files were verified, if it has as many tokens and types as it should."""
    found = {split: len(getattr(corpus, split)) for split in num_tokens}
    assert (found, len(corpus.vocabulary)) == (num_tokens, num_types), (
        f"verified files of {corpus.name} gave {found} tokens and {len(corpus.vocabulary)} types, "
        f"expected {num_tokens} and {num_types}: the splitting is wrong"
    )
    return corpus


def _known_words(words: list[bytes], index: Mapping[bytes, int], where: str) -> list[bytes]:
    new = set(words) - index.keys()
    if not new:
        return words
    unknown = UNKNOWN.encode()
    if unknown not in index:
        raise DataError(
            f"{where} has {len(new):,} words that the training split lacks, such as "
            f"{min(new).decode()!r}, and the training split has no {UNKNOWN} to stand for them"
        )
    return [unknown if word in new else word for word in words]


def _encode(words: Sequence[bytes], index: Mapping[bytes, int]) -> Tensor:
    return torch.from_numpy(
        np.fromiter(map(index.__getitem__, words), dtype=np.int64, count=len(words))
    )


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
