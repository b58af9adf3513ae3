"""IWSLT 2014, German-English: transcripts of TED talks, tokenised and lower-cased.

Cettolo et al., Report on the 11th IWSLT Evaluation Campaign (2014), in the preparation of Ranzato
et al., Sequence Level Training with Recurrent Neural Networks (2016): about 160,000 training pairs.

What archsearch knows, and checks, is a sample of 500 pairs a split, which shows that everything
runs and is far too small to learn from: every result on it says so. The full set is the user's:
the six files `train.de-en.de`, …, `test.de-en.en` of that preparation, in one folder. Their
archives are at http://dl.fbaipublicfiles.com/fairseq/data/iwslt14/de-en.tgz and
https://wit3.fbk.eu.

Licence: TED talk transcripts, CC BY-NC-ND. archsearch does not contain them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from archsearch.data.parallel import (
    ParallelSource,
    ParallelText,
    SentencePairs,
    check_languages,
    verified_pairs,
)
from archsearch.data.parallel_files import ParallelFiles
from archsearch.data.store import data_root, published

LANGUAGES = ("de", "en")
SAMPLE_PAIRS = 500  # of each split

_file = published(
    "iwslt14-sample",
    "https://raw.githubusercontent.com/zhfzhmsra/MIXER/"
    "ecd19f0b8eb51157ee01453735a5b8df628bdbd8/prep/",
)
SAMPLE = {
    (split, language): _file(f"{split}.de-en.{language}", sha256, num_bytes)
    for split, language, sha256, num_bytes in (
        ("train", "de", "31abeb4a53517947f2af8b83d92b1615d991fbe6f27419d56ba7924e2254f71f", 53_230),
        ("train", "en", "eae55d4b56174b3d2972b0e05f6d88d0988f491b042b7bbd3440d268f55aee11", 48_678),
        ("valid", "de", "9fc5f70400756b514c0e0bcc9a54c17f166d240f94b63f9fe6dbb394107de8f3", 49_608),
        ("valid", "en", "dd05d5422a53c6dd1b8299c26354e95c013e063f9aee98811b88e93c7bc6d9b7", 45_169),
        ("test", "de", "07733bc2d9245399e4f969170e87a2955438bca6f19834a0139c596191fbc586", 69_022),
        ("test", "en", "d93e79d724edcfe7ab3350e037145d66be2459e36f9d2ba98cc1ee1adf389e9c", 62_625),
    )
}


@dataclass(frozen=True, slots=True)
class Iwslt(ParallelSource):
    """Makes the text: `Iwslt()()` that of the sample.

    source, target: "de" and "en" in either order.
    folder: where the six files of the full set lie, plain or gzipped; None: the sample.
    mirror: of the sample, see `read_verified`.
    """

    source: str = "de"
    target: str = "en"
    folder: str | None = None
    mirror: str | None = None

    def __post_init__(self) -> None:
        check_languages(self.source, self.target, LANGUAGES)

    @property
    def notes(self) -> Mapping[str, str]:
        if self.folder is None:
            extent = (
                f"a sample of {SAMPLE_PAIRS} pairs a split; tests that it runs, not what it learns"
            )
        else:
            extent = f"the user's own files in {self.folder}, not verified"
        return {"data": extent}

    def __call__(self) -> ParallelText:
        if self.folder is None:
            return _load_sample(self, str(data_root()))
        return ParallelFiles(
            "iwslt",
            *(
                (f"{self.folder}/{split}.de-en.{self.source}",
                 f"{self.folder}/{split}.de-en.{self.target}")
                for split in ("train", "valid", "test")
            ),
        )()  # fmt: skip


@cache
def _load_sample(corpus: Iwslt, root: str) -> ParallelText:
    def pairs(split: str) -> SentencePairs:
        files = SAMPLE[split, corpus.source], SAMPLE[split, corpus.target]
        return verified_pairs(files, root, corpus.mirror)

    return ParallelText("iwslt-sample", pairs("train"), pairs("valid"), pairs("test"))
