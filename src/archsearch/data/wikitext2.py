"""WikiText-2: good and featured articles of Wikipedia, word level, with case and punctuation.

Words seen less than three times in training are `<unk>`: 33,278 word types with `<eos>`, which
stands after every line, empty ones too. Merity et al., Pointer Sentinel Mixture Models (2016).

Licence: CC BY-SA 3.0. archsearch does not contain it.
"""

from archsearch.data.store import Root, once_per_root, published, read_texts
from archsearch.data.text import TokenCorpus, word_corpus

_file = published(
    "wikitext-2",
    "https://raw.githubusercontent.com/pytorch/examples/"
    "77f55b912142e11fcfdf5b530231fb9c52f181e8/word_language_model/data/wikitext-2/",
)
FILES = {
    split: _file(f"{split}.txt", sha256, num_bytes)
    for split, sha256, num_bytes in (
        ("train", "9e9fa1ad55b1c2c95b08e37dd8e653f638fac2c6de904b79e813611eefbc985f", 10_797_148),
        ("valid", "f0737ed31fc1329026e95cb8b98e19c2a182c39c240ab909dc31abf2f8af58e8", 1_121_681),
        ("test", "d790b833ef8cf03a90db7bf1271b7520b83c45ce07ba3c1a9699df81e239eca0", 1_256_449),
    )
}


@once_per_root
def load_wikitext2(root: Root = None, mirror: str | None = None) -> TokenCorpus:
    """The corpus."""
    return word_corpus("wikitext2", *read_texts(FILES.values(), root, mirror))
