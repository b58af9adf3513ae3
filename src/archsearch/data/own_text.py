"""A user's own text: words, characters or pieces of words.

Where there is no file for validation, the last tenth of the training text is held out, half of it
for validation and half for test. Where there is none for test, validation is tested.
"""

import hashlib
import os
from enum import StrEnum
from functools import cache
from pathlib import Path

from archsearch.data.errors import DataError
from archsearch.data.notices import Read, tell_unknown
from archsearch.data.pieces import piece_corpus
from archsearch.data.text import UNKNOWN, TokenCorpus, character_corpus, word_corpus
from archsearch.data.text_files import read_text_file, stored_text

MIN_SYMBOLS = 2  # different ones: of a single one there is nothing to predict


class Level(StrEnum):
    """What counts as a symbol."""

    WORD = "word"  # split at white space; <eos> after every line
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
    """The corpus from these files of text (see `archsearch.decoding`), plain or gzipped.

    Every level has the symbol `<unk>`, as which symbols are read that training lacks; a line on
    stderr counts them. `TokenCorpus.scored` says when they have to be predicted.

    min_count: words seen less often in training are `<unk>`; of level "word" alone.
    num_pieces: how many different ones there are; of level "sentencepiece" alone.
    digest: of `text_digest`, if the files must still be those.

    Raises:
        DataError: a file that is missing, empty, no text, or no longer the same; too few symbols.
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
    """Sixteen hex digits of the text in the files, the same in any encoding; a missing one counts
    as empty."""
    sha = hashlib.sha256()
    for path in paths:
        content = b"" if path is None else stored_text(str(path))
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
            corpus = word_corpus(name, *texts, min_count=min_count, open_vocabulary=True)
        case Level.CHARACTER:
            corpus = character_corpus(name, *texts, open_vocabulary=True)
        case Level.SENTENCEPIECE:
            corpus = piece_corpus(name, *texts, num_pieces)
    learnt = [symbol for symbol in corpus.vocabulary if symbol != UNKNOWN]
    if len(learnt) < MIN_SYMBOLS:
        raise DataError(
            f"{train}: expected {MIN_SYMBOLS} or more different symbols of level {level}, got only "
            f"{''.join(map(repr, learnt))}; try another task.corpus.level"
        )
    _tell_unknown(corpus, texts)
    return corpus


def _tell_unknown(corpus: TokenCorpus, texts: tuple[str, str, str]) -> None:
    unknown = corpus.vocabulary.index(UNKNOWN)
    held_out = {"valid": (corpus.valid, texts[1]), "test": (corpus.test, texts[2])}
    if texts[1] == texts[2]:
        del held_out["test"]
    tell_unknown(
        corpus.name,
        [
            Read(name, corpus.symbols.split(text), {*corpus.vocabulary})
            for name, (numbers, text) in held_out.items()
            if (numbers == unknown).any()
        ],
    )


def _splits(train: str, valid: str | None, test: str | None) -> tuple[str, str, str]:
    text = read_text_file(train, "data.train")
    if valid is None:
        held_out = len(text) * 9 // 10, len(text) * 19 // 20
        cuts = [text.rfind("\n", 0, position) + 1 or position for position in held_out]
        text, rest, tail = text[: cuts[0]], text[cuts[0] : cuts[1]], text[cuts[1] :]
        if not (text.strip() and rest.strip()):
            raise DataError(
                f"{train}: expected enough lines to hold out a tenth of them for validation; "
                "add some, or give data.valid"
            )
        return text, rest, tail if test is None else read_text_file(test, "data.test")
    validation = read_text_file(valid, "data.valid")
    return text, validation, validation if test is None else read_text_file(test, "data.test")
