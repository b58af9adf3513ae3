"""Tiny Shakespeare: a million characters of his plays, 65 different ones.

Karpathy, The Unreasonable Effectiveness of Recurrent Neural Networks (2015). One file without
splits; here, as in his code, the first 90% are for training, the next 5% for validation, the rest
for test.

Licence: the plays are in the public domain. archsearch does not contain the file.
"""

from archsearch.data.store import CorpusFile, Root, once_per_root, read_texts
from archsearch.data.text import TokenCorpus, character_corpus

FILE = CorpusFile(
    "tinyshakespeare/input.txt",
    sha256="86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
    num_bytes=1_115_394,
    url="https://raw.githubusercontent.com/karpathy/char-rnn/"
    "6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/data/tinyshakespeare/input.txt",
)


@once_per_root
def load_shakespeare(root: Root = None, mirror: str | None = None) -> TokenCorpus:
    """The corpus."""
    (text,) = read_texts([FILE], root, mirror)
    train_end, valid_end = (len(text) * share // 100 for share in (90, 95))
    splits = text[:train_end], text[train_end:valid_end], text[valid_end:]
    return character_corpus("shakespeare", *splits)
