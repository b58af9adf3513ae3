"""A user's own text: words, characters or pieces of words.

Where there is no file for validation, the last tenth of the training text is held out, half of it
for validation and half for test. Where there is none for test, validation is tested.
"""

import hashlib
import os
from collections import Counter
from enum import StrEnum
from functools import cache
from pathlib import Path

from archsearch.data.errors import DataError
from archsearch.data.pieces import piece_corpus
from archsearch.data.text import (
    END_OF_SENTENCE,
    UNKNOWN,
    TokenCorpus,
    character_corpus,
    decoded,
    split_words,
    word_corpus,
)

MIN_SYMBOLS = 2  # different ones: of a single one there is nothing to predict


class Level(StrEnum):
    """What counts as a symbol."""

    WORD = "word"  # split at blanks; <eos> after every line
    CHARACTER = "character"
    SENTENCEPIECE = "sentencepiece"  # parts of words, learnt from the training text


def load_text(
    train: str | os.PathLike[str] | None,
    valid: str | os.PathLike[str] | None = None,
    test: str | os.PathLike[str] | None = None,
    *,
    level: str = Level.WORD,
    min_count: int = 2,
    num_pieces: int = 4000,
    digest: str | None = None,
) -> TokenCorpus:
    """The corpus from these files, plain text in UTF-8.

    min_count: words seen less often in training are `<unk>`; of level "word" alone.
    num_pieces: how many different ones there are; of level "sentencepiece" alone.
    digest: of `text_digest`, if the files must still be those.

    Raises:
        DataError: a file that is missing, empty, not UTF-8, or no longer the same; too few symbols.
    """
    if level not in tuple(Level):
        raise DataError(f"task.corpus.level: expected {', '.join(Level)}, got {level!r}")
    if min_count < 1:
        raise DataError(f"task.corpus.min_count: expected at least 1, got {min_count}")
    if train is None:
        raise DataError("data.train: expected the path of a text, got none; try data.train=my.txt")
    paths = (str(train), *(None if path is None else str(path) for path in (valid, test)))
    return _load(*paths, Level(level), min_count, num_pieces, digest)


def text_digest(*paths: str | os.PathLike[str] | None) -> str:
    """Sixteen hex digits of what the files hold; a missing one counts as empty."""
    sha = hashlib.sha256()
    for path in paths:
        content = Path(path).read_bytes() if path is not None and Path(path).is_file() else b""
        sha.update(hashlib.sha256(content).digest())
    return sha.hexdigest()[:16]


@cache
def _load(
    train: str, valid: str | None, test: str | None, level: Level, min_count: int,
    num_pieces: int, digest: str | None,
) -> TokenCorpus:  # fmt: skip
    if digest is not None and digest != text_digest(train, valid, test):
        raise DataError(f"{train}: the text, or that of valid or test, changed during the run")
    texts = _splits(train, valid, test)
    name = Path(train).stem
    match level:
        case Level.WORD:
            corpus = word_corpus(name, *_with_unknown(texts, min_count))
        case Level.CHARACTER:
            corpus = character_corpus(name, *texts)
        case Level.SENTENCEPIECE:
            corpus = piece_corpus(name, *texts, num_pieces)
    if len(corpus.vocabulary) < MIN_SYMBOLS:
        raise DataError(
            f"{train}: expected {MIN_SYMBOLS} or more different symbols of level {level}, got only "
            f"{corpus.vocabulary[0]!r}; try another task.corpus.level"
        )
    return corpus


def _splits(train: str, valid: str | None, test: str | None) -> tuple[bytes, bytes, bytes]:
    text = _read(train, "data.train")
    if valid is None:
        held_out = len(text) * 9 // 10, len(text) * 19 // 20
        cuts = [text.rfind(b"\n", 0, position) + 1 or position for position in held_out]
        text, rest, tail = text[: cuts[0]], text[cuts[0] : cuts[1]], text[cuts[1] :]
        if not (text.strip() and rest.strip()):
            raise DataError(
                f"{train}: expected enough lines to hold out a tenth of them for validation; "
                "add some, or give data.valid"
            )
        return text, rest, tail if test is None else _read(test, "data.test")
    validation = _read(valid, "data.valid")
    return text, validation, validation if test is None else _read(test, "data.test")


def _read(path: str, key: str) -> bytes:
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise DataError(f"{key}={path}: cannot be read: {error.strerror}") from None
    if not decoded(content, path).strip():
        raise DataError(f"{key}={path}: expected a text, got an empty file")
    return content


def _with_unknown(texts: tuple[bytes, bytes, bytes], min_count: int) -> list[bytes]:
    """The texts with `<unk>` for rare words, so that unknown ones have a symbol that was seen."""
    counts = Counter(split_words(texts[0]))
    rare = {word for word, count in counts.items() if count < min_count}
    end, unknown = END_OF_SENTENCE.encode(), UNKNOWN.encode()
    kept = counts.keys() - rare | {end}
    return [
        b" ".join(word if word in kept else unknown for word in split_words(text)).replace(
            end, b"\n"
        )
        for text in texts
    ]
