"""A user's own sentence pairs: two files of text a split, line k of one translating the other's."""

import gzip
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import ClassVar

from archsearch.data.errors import DataError
from archsearch.data.parallel import ParallelSource, ParallelText, SentencePairs, sentence_pairs


@dataclass(frozen=True)
class ParallelFiles(ParallelSource):
    """Makes the text of files in UTF-8, words separated by blanks.

    train, valid, test: two paths each, of the source and of the target. A relative one is taken
        from the current directory; one that ends in .gz, or lies there with .gz behind its name, is
        gzipped.
    """

    name: str
    train: Sequence[str]
    valid: Sequence[str]
    test: Sequence[str]
    notes: ClassVar[Mapping[str, str]] = {"data": "the user's own files, not verified"}

    def __post_init__(self) -> None:
        for split in ("train", "valid", "test"):
            paths = tuple(getattr(self, split))
            if len(paths) != 2:
                raise DataError(
                    f"{split}: expected two files, [source, target], got {len(paths)}; name them "
                    f"by task.text.{split}=[source.txt,target.txt]"
                )
            object.__setattr__(self, split, paths)  # configuration has lists

    def __call__(self) -> ParallelText:
        return _load(self)


@cache
def _load(files: ParallelFiles) -> ParallelText:
    return ParallelText(files.name, *map(_pairs, (files.train, files.valid, files.test)))


def _pairs(names: Sequence[str]) -> SentencePairs:
    source, target = names
    return sentence_pairs(_read(source), _read(target), (source, target))


def _read(name: str) -> bytes:
    path = Path(name).expanduser()
    if not path.exists():
        gzipped = path.with_name(path.name + ".gz")
        path = gzipped if gzipped.exists() else path
    try:
        stored = path.read_bytes()
        return gzip.decompress(stored) if path.suffix == ".gz" else stored
    except FileNotFoundError:
        raise DataError(
            f"expected a file of sentences at {path.absolute()}, plain or with .gz behind its "
            "name, got none; name another by task.text"
        ) from None
    except (EOFError, OSError, zlib.error) as error:
        raise DataError(
            f"the file of sentences {path.absolute()} cannot be read: {error}"
        ) from error
