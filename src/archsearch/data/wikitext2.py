"""WikiText-2: good and featured articles of Wikipedia, word level, with case and punctuation.

Words seen less than three times in training are `<unk>`: 33,278 word types with `<eos>`, which
stands after every line, empty ones too. Merity et al., Pointer Sentinel Mixture Models (2016).

Licence: CC BY-SA 3.0. archsearch does not contain it.
"""

import os
from functools import cache

from archsearch.data.store import CorpusFile, data_root, read_splits
from archsearch.data.text import TokenCorpus, counted, word_corpus

NUM_TOKENS = {"train": 2_088_628, "valid": 217_646, "test": 245_569}  # with <eos>
NUM_WORD_TYPES = 33_278  # with <eos> and <unk>

_ADDRESS = (
    "https://raw.githubusercontent.com/pytorch/examples/"
    "77f55b912142e11fcfdf5b530231fb9c52f181e8/word_language_model/data/wikitext-2/"
)
FILES = {
    "train": CorpusFile(
        "wikitext-2/train.txt",
        sha256="9e9fa1ad55b1c2c95b08e37dd8e653f638fac2c6de904b79e813611eefbc985f",
        num_bytes=10_797_148,
        url=_ADDRESS + "train.txt",
    ),
    "valid": CorpusFile(
        "wikitext-2/valid.txt",
        sha256="f0737ed31fc1329026e95cb8b98e19c2a182c39c240ab909dc31abf2f8af58e8",
        num_bytes=1_121_681,
        url=_ADDRESS + "valid.txt",
    ),
    "test": CorpusFile(
        "wikitext-2/test.txt",
        sha256="d790b833ef8cf03a90db7bf1271b7520b83c45ce07ba3c1a9699df81e239eca0",
        num_bytes=1_256_449,
        url=_ADDRESS + "test.txt",
    ),
}


def load_wikitext2(
    root: str | os.PathLike[str] | None = None, mirror: str | None = None
) -> TokenCorpus:
    """The corpus, from under `data_root(root)`; missing files are downloaded first.

    A process reads and verifies the files once; later calls return the same corpus.
    """
    return _load(str(data_root(root)), mirror)


@cache
def _load(root: str, mirror: str | None) -> TokenCorpus:
    corpus = word_corpus("wikitext2", **read_splits(FILES, root, mirror))
    return counted(corpus, NUM_TOKENS, NUM_WORD_TYPES)
