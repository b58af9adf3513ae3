"""Multi30k, task 1: English captions of photographs and their German translations.

Elliott, Frank, Sima'an, Specia, Multi30K: Multilingual English-German Image Descriptions (2016).
The form is the one that its authors lower-cased, normalised and tokenised by the Moses scripts: it
is what papers with word vocabularies train on, Schrimpf et al. (2017) among them, and it needs no
tokeniser here. What is compared is then such text too; that the original punctuation and case
cannot be restored makes BLEU differ from that of raw text, and the notes say so.

Licence: derived from Flickr30k; for non-commercial research and education. archsearch does not
contain it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from archsearch.data.errors import DataError
from archsearch.data.parallel import (
    ParallelSource,
    ParallelText,
    SentencePairs,
    check_languages,
    verified_pairs,
)
from archsearch.data.store import data_root, published

LANGUAGES = ("en", "de")
NUM_PAIRS = {
    "train": 29_000, "val": 1_014, "test_2016_flickr": 1_000, "test_2017_flickr": 1_000,
    "test_2017_mscoco": 461,
}  # fmt: skip
TESTS = tuple(split.removeprefix("test_") for split in NUM_PAIRS if split.startswith("test_"))

_file = published(
    "multi30k/tok",
    "https://raw.githubusercontent.com/multi30k/dataset/"
    "a3d2e0d26b56f3846f66a952536ffed4e401d05a/data/task1/tok/",
)
_CONTENTS = {  # of each split: sha256 and size of its file in each language
    "train": {
        "en": ("08925f8e0572bcd5a006702fc5fe20e2d77c6917d4eebd576fc20de6693c2119", 1_837_696),
        "de": ("cb5a23529b65ec2061f1dc446192a9c37382b63cc75f81a0be59d34894b3a505", 2_150_008),
    },
    "val": {
        "en": ("46573ce391ae227f1c72f873392436a20ef18e0a6d518098cfbd70b77c8572ec", 64_608),
        "de": ("97232bd273eceb7207f689527386a97e4be2616b18ada47576bdaf96c8ae1f00", 77_273),
    },
    "test_2016_flickr": {
        "en": ("5b7f32627cf99eced828311b955dae9800bb52bc8b91cf8b6526829e605b29d2", 63_307),
        "de": ("c6a33d39d48f9f510de147651316cd9d918e09ad0219df734a2f16b6baccacc4", 71_917),
    },
    "test_2017_flickr": {
        "en": ("c9d1dfd7a26add989382e534af235af9f0f658b2a30e7eb0efdaf142496ee54f", 56_123),
        "de": ("02067e4a9402786a4fcb8c1b6f4307e4a5073ced64800abead5273b54f5f31f6", 65_228),
    },
    "test_2017_mscoco": {
        "en": ("fe69ae004d71c42ead0301e70c57de5b1b6b5fb7f52210d42b22801e98e656f3", 25_380),
        "de": ("e2825990b8a4e5289d2cdba801d57c187810bab9b4f5d87a30c35800a0d871b6", 30_464),
    },
}
FILES = {
    (split, language): _file(f"{split}.lc.norm.tok.{language}", *content)
    for split, contents in _CONTENTS.items()
    for language, content in contents.items()
}


@dataclass(frozen=True, slots=True)
class Multi30k(ParallelSource):
    """Makes the text: `Multi30k("en", "de")()`.

    source, target: "en" and "de" in either order.
    test: which test set: "2016_flickr" (that of the published figures), "2017_flickr" or
        "2017_mscoco".
    mirror: see `read_verified`.
    """

    source: str = "en"
    target: str = "de"
    test: str = "2016_flickr"
    mirror: str | None = None

    @property
    def notes(self) -> Mapping[str, str]:
        text = "lower-cased and tokenised, as is BLEU's; not comparable with that of raw text"
        return {"text": text}

    def __post_init__(self) -> None:
        check_languages(self.source, self.target, LANGUAGES)
        if self.test not in TESTS:
            raise DataError(f"test: expected {', '.join(TESTS)}, got {self.test}")

    def __call__(self) -> ParallelText:
        return _load(self, str(data_root()))


@cache
def _load(corpus: Multi30k, root: str) -> ParallelText:
    def pairs(split: str) -> SentencePairs:
        files = FILES[split, corpus.source], FILES[split, corpus.target]
        read = verified_pairs(files, root, corpus.mirror)
        assert len(read.source) == NUM_PAIRS[split], f"{split} has {len(read.source)} pairs"
        return read

    return ParallelText("multi30k", pairs("train"), pairs("val"), pairs(f"test_{corpus.test}"))
