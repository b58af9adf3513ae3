"""A user's own sentence pairs: two files of text a split, line k of one translating the other's."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from archsearch.data.errors import DataError
from archsearch.data.notices import Read, tell_unknown
from archsearch.data.parallel import ParallelSource, ParallelText, SentencePairs, sentence_pairs
from archsearch.data.text_files import read_text_file


@dataclass(frozen=True)
class ParallelFiles(ParallelSource):
    """Makes the text of files, words separated by white space.

    train, valid, test: two paths each, of the source and of the target. A relative one is taken
        from the current directory; a file may be gzipped, and lie there with .gz behind its name.
    """

    name: str
    train: Sequence[str]
    valid: Sequence[str]
    test: Sequence[str]

    @property
    def notes(self) -> Mapping[str, str]:
        return {"data": "the user's own files, not verified"}

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
    text = ParallelText(files.name, *map(_pairs, (files.train, files.valid, files.test)))
    read = []
    for side, names in enumerate(zip(files.train, files.valid, files.test, strict=True)):
        known = {*_words(text.train[side])}
        read += [
            Read(name, _words(pairs[side]), known)
            for name, pairs in zip(names[1:], (text.valid, text.test), strict=True)
        ]
    tell_unknown(files.name, read)
    return text


def _pairs(names: Sequence[str]) -> SentencePairs:
    source, target = names
    read = read_text_file(source, "task.text"), read_text_file(target, "task.text")
    return sentence_pairs(*read, (source, target))


def _words(sentences: Iterable[str]) -> list[str]:
    return [word for sentence in sentences for word in sentence.split()]
