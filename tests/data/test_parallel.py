"""Sentence pairs: reading, vocabularies, batches without padding of the source."""

import gzip
from collections import Counter

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from archsearch.data import DataError, ParallelFiles, pair_batches, parallel_corpus
from archsearch.data.parallel import (
    BEGIN,
    END,
    PAD,
    SPECIAL_WORDS,
    Pair,
    ParallelText,
    SentencePairs,
    Vocabulary,
    sentence_pairs,
)


def text_of(source: list[str], target: list[str]) -> ParallelText:
    pairs = SentencePairs(source, target)
    return ParallelText("toy", pairs, pairs, pairs)


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        (b"", b"a\n", r"src: expected at least one line with a sentence, got an empty file"),
        (b"a\n", b"\n\n", r"tgt: expected at least one line with a sentence"),
        (b"a\nb\n", b"a\n", r"got 2 in src and 1 in tgt"),
        (b"a\n\xfc b\n", b"a\nb\n", r"src: expected text in UTF-8, got the byte 0xfc in line 2"),
    ],
)
def test_bad_text_is_one_line_that_names_the_file(source, target, message):
    with pytest.raises(DataError, match=message) as raised:
        sentence_pairs(source, target, ("src", "tgt"))
    assert "\n" not in str(raised.value)


def test_lines_end_at_line_feeds_alone():
    pairs = sentence_pairs("a\u2028b\r\nc\x0bd".encode(), b"1\n2\n", ("src", "tgt"))
    assert pairs == (("a\u2028b", "c\x0bd"), ("1", "2"))


def test_vocabularies_are_by_frequency_and_limited_to_the_pairs_kept():
    text = text_of(["b a b </s>", "a b c", "rare"], ["x x", "y", "z"])
    corpus = parallel_corpus(text, max_train_pairs=2, max_valid_pairs=1)
    assert corpus.source.words == (*SPECIAL_WORDS, "b", "a", "c")
    assert [len(split) for split in (corpus.train, corpus.valid, corpus.test)] == [2, 1, 3]
    assert corpus.source.encode("a </s> rare b").tolist() == [5, 1, 1, 4, END]
    assert corpus.target.decode(corpus.train[0].target[:-1].tolist()) == "x x"
    assert corpus.test_references == ("x x", "y", "z"), "words out of the vocabulary included"
    assert parallel_corpus(text, min_count=2).source.words == (*SPECIAL_WORDS, "b", "a")
    assert parallel_corpus(text, vocabulary_size=5).source.words == (*SPECIAL_WORDS, "b")
    with pytest.raises(DataError, match="vocabulary_size: expected at least 5"):
        parallel_corpus(text, vocabulary_size=4)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40),
    st.integers(1, 8),
    st.booleans(),
)
def test_batches_hold_every_pair_once_and_pad_no_source(lengths, batch_size, shuffled):
    pairs = [Pair(torch.tensor([7] * s + [END]), torch.tensor([8] * t + [END])) for s, t in lengths]
    generator = torch.Generator().manual_seed(1) if shuffled else None
    if len(pairs) < batch_size:
        with pytest.raises(DataError, match="too few for batch_size"):
            pair_batches(pairs, batch_size, generator)
        return
    batches = pair_batches(pairs, batch_size, generator)
    assert Counter(i for batch in batches for i in batch.pairs) == Counter(range(len(pairs)))
    for batch in batches:
        assert len(batch.pairs) <= batch_size
        for column, i in enumerate(batch.pairs):
            target = pairs[i].target
            assert torch.equal(batch.source[:, column], pairs[i].source)
            assert torch.equal(batch.targets[: len(target), column], target)
            assert torch.equal(batch.inputs[1 : len(target), column], target[:-1])
            assert (batch.targets[len(target) :, column] == PAD).all()
            assert (batch.inputs[len(target) :, column] == PAD).all()
        assert (batch.inputs[0] == BEGIN).all()


def test_shuffles_are_repeated_by_the_same_generator_alone():
    pairs = [Pair(torch.tensor([END]), torch.tensor([END]))] * 20

    def order(seed):
        batches = pair_batches(pairs, 4, torch.Generator().manual_seed(seed))
        return [batch.pairs for batch in batches]

    assert order(1) == order(1) != order(2)


class TestFiles:
    def test_plain_or_gzipped(self, tmp_path):
        (tmp_path / "a.txt").write_text("ein mann\n")
        (tmp_path / "b.txt.gz").write_bytes(gzip.compress(b"a man\n"))
        names = [str(tmp_path / "a.txt"), str(tmp_path / "b.txt")]
        text = ParallelFiles("own", names, names, names)()
        assert text.train == (("ein mann",), ("a man",))

    def test_what_is_missing_damaged_or_not_a_pair_is_named(self, tmp_path):
        here, damaged = tmp_path / "a.txt", tmp_path / "b.gz"
        here.write_text("a\n")
        damaged.write_bytes(gzip.compress(b"a\n")[:-9])
        pair = [str(here), str(here)]
        for other, message in ((tmp_path / "c", r"at .*/c, plain or"), (damaged, "cannot be read")):
            with pytest.raises(DataError, match=message):
                ParallelFiles("own", pair, pair, [str(here), str(other)])()
        with pytest.raises(DataError, match=r"valid: expected two files, .* got 1"):
            ParallelFiles("own", pair, pair[:1], pair)


def test_a_vocabulary_gives_back_what_it_read():
    vocabulary = Vocabulary.of(["ein mann", "ein hund"])
    assert vocabulary.decode(vocabulary.encode("ein hund")[:-1].tolist()) == "ein hund"
