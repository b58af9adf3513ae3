"""The real corpora, where they are present: what every one of them must hold."""

from collections.abc import Callable

import pytest

from archsearch.data import (
    TokenCorpus,
    data_root,
    load_ptb_char,
    load_shakespeare,
    load_wikitext2,
    ptb,
    shakespeare,
    wikitext2,
)
from archsearch.data.store import CorpusFile

# How each is loaded, from what, how it begins; symbols of its splits, and how many differ.
CORPORA: dict[str, tuple[Callable[[], TokenCorpus], list[CorpusFile], str, tuple[int, ...]]] = {
    "ptb_char": (
        load_ptb_char,
        list(ptb.FILES.values()),
        "aer banknote berlitz calloway",
        (5_017_482, 393_042, 442_423, 50),
    ),
    "wikitext2": (
        load_wikitext2,
        list(wikitext2.FILES.values()),
        "<eos>=ValkyriaChronicles",
        (2_088_628, 217_646, 245_569, 33_278),
    ),
    "shakespeare": (
        load_shakespeare,
        [shakespeare.FILE],
        "First Citizen:\nBefore we proceed",
        (1_003_854, 55_770, 55_770, 65),
    ),
}


@pytest.mark.parametrize("name", CORPORA)
def test_a_corpus_begins_as_its_text_does_and_has_the_published_size(name: str) -> None:
    load, files, beginning, sizes = CORPORA[name]
    for file in files:
        path = data_root() / file.path
        if not (path.exists() or path.with_name(path.name + ".gz").exists()):
            pytest.skip(f"no {file.path} under ARCHSEARCH_DATA")
    corpus = load()
    assert "".join(corpus.vocabulary[n] for n in corpus.train[:60].tolist()).startswith(beginning)
    found = (*map(len, (corpus.train, corpus.valid, corpus.test)), len(corpus.vocabulary))
    assert found == sizes
    assert len(set(corpus.vocabulary)) == len(corpus.vocabulary)
    for split in (corpus.train, corpus.valid, corpus.test):
        assert 0 <= split.min() <= split.max() < len(corpus.vocabulary)
