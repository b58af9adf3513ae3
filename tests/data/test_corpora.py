"""The real corpora, where they are present: what every one of them must hold."""

from collections.abc import Callable

import pytest

from archsearch.data import (
    CorpusFile,
    TokenCorpus,
    data_root,
    load_ptb_char,
    load_shakespeare,
    load_wikitext2,
    ptb,
    shakespeare,
    wikitext2,
)

CORPORA: dict[str, tuple[Callable[[], TokenCorpus], list[CorpusFile], str]] = {
    "ptb_char": (load_ptb_char, list(ptb.FILES.values()), "aer banknote berlitz calloway"),
    "wikitext2": (load_wikitext2, list(wikitext2.FILES.values()), "<eos>=ValkyriaChronicles"),
    "shakespeare": (load_shakespeare, [shakespeare.FILE], "First Citizen:\nBefore we proceed"),
}


@pytest.mark.parametrize("name", CORPORA)
def test_a_corpus_begins_as_its_text_does_and_has_the_published_size(name: str) -> None:
    """Sizes are checked where corpora are loaded."""
    load, files, beginning = CORPORA[name]
    for file in files:
        path = data_root() / file.path
        if not (path.exists() or path.with_name(path.name + ".gz").exists()):
            pytest.skip(f"no {file.path} under ARCHSEARCH_DATA")
    corpus = load()
    assert "".join(corpus.vocabulary[n] for n in corpus.train[:60].tolist()).startswith(beginning)
    assert len(set(corpus.vocabulary)) == len(corpus.vocabulary)
    for split in (corpus.train, corpus.valid, corpus.test):
        assert 0 <= split.min() <= split.max() < len(corpus.vocabulary)
