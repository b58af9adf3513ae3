"""Sentence pairs: reading, vocabularies, batches without padding of the source."""

import gzip
from collections import Counter
from pathlib import Path

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
)


def text_of(source: list[str], target: list[str]) -> ParallelText:
    pairs = SentencePairs(source, target)
    return ParallelText("toy", pairs, pairs, pairs)


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


def written(folder, source: bytes, target: bytes, prefix: str = "") -> list[str]:
    names = [str(folder / f"{prefix}src"), str(folder / f"{prefix}tgt")]
    for name, content in zip(names, (source, target), strict=True):
        Path(name).write_bytes(content)
    return names


class TestFiles:
    def test_plain_or_gzipped(self, tmp_path):
        (tmp_path / "a.txt").write_text("ein mann\n")
        (tmp_path / "b.txt.gz").write_bytes(gzip.compress(b"a man\n"))
        names = [str(tmp_path / "a.txt"), str(tmp_path / "b.txt")]
        text = ParallelFiles("own", names, names, names)()
        assert text.train == (("ein mann",), ("a man",))

    @pytest.mark.parametrize(
        ("source", "target", "message"),
        [
            (b"", b"a\n", r"src: expected a text, got an empty file"),
            (b"a\n", b"\n\n", r"tgt: expected a text, got an empty file"),
            (b"a\nb\n", b"a\n", r"got 2 in .*src and 1 in .*tgt"),
            (b"a\n\xfc b\n", b"a\nb\n", r"src: expected text in UTF-8, .* 0xfc in line 2"),
        ],
    )
    def test_bad_text_is_one_line_that_names_the_file(self, tmp_path, source, target, message):
        names = written(tmp_path, source, target)
        with pytest.raises(DataError, match=message) as raised:
            ParallelFiles("own", names, names, names)()
        assert "\n" not in str(raised.value)

    @pytest.mark.parametrize("side", [0, 1])
    def test_mark_encoding_line_ends_and_gzip_make_no_difference_on_either_side(
        self, tmp_path, side
    ):
        sides = ["ein mann\nzwölf\n", "a man\ntwelve\n"]
        forms = (
            sides[side].encode("utf-8-sig"),
            sides[side].encode("utf-16"),
            sides[side].replace("\n", "\r\n").encode(),
            gzip.compress(sides[side].encode()),
        )
        for k, form in enumerate(forms):
            contents = [text.encode() for text in sides]
            contents[side] = form
            names = written(tmp_path, *contents, prefix=str(k))
            text = ParallelFiles("own", names, names, names)()
            assert text.train == (("ein mann", "zwölf"), ("a man", "twelve"))

    def test_white_space_inside_a_sentence_parts_words_and_shifts_no_line(self, tmp_path):
        odd = "\r\x0b\x0c\x1c\x85\xa0\u2028\u2029"
        source = "".join(f"w{white}x\n" for white in odd)
        target = "".join(f"{k}\n" for k in range(len(odd)))
        names = written(tmp_path, source.encode(), target.encode())
        corpus = parallel_corpus(ParallelFiles("own", names, names, names)())
        assert corpus.source.words == (*SPECIAL_WORDS, "w", "x")
        assert [corpus.target.decode(pair.target[:-1].tolist()) for pair in corpus.train] == [
            str(k) for k in range(len(odd))
        ]

    def test_words_that_training_lacks_are_counted_in_one_line(self, tmp_path, capsys):
        train = written(tmp_path, b"a b\n", b"A B\n")
        valid = written(tmp_path, b"a c a c\n", b"B\n", "v")
        corpus = parallel_corpus(ParallelFiles("own", train, valid, train)())
        (line,) = capsys.readouterr().err.splitlines()
        assert line.endswith(f"<unk>: 2 of 4 in {valid[0]} (50%), such as 'c'")
        assert not corpus.teaches_unknown

    def test_what_is_missing_damaged_or_not_a_pair_is_named(self, tmp_path):
        here, damaged = tmp_path / "a.txt", tmp_path / "b.gz"
        here.write_text("a\n")
        damaged.write_bytes(gzip.compress(b"a\n")[:-9])
        pair = [str(here), str(here)]
        for other, message in (
            (tmp_path / "c", r"/c: expected a text, plain"),
            (damaged, "cannot be read"),
        ):
            with pytest.raises(DataError, match=message):
                ParallelFiles("own", pair, pair, [str(here), str(other)])()
        with pytest.raises(DataError, match=r"valid: expected two files, .* got 1"):
            ParallelFiles("own", pair, pair[:1], pair)


def test_a_vocabulary_gives_back_what_it_read():
    vocabulary = Vocabulary.of(["ein mann", "ein hund"])
    assert vocabulary.decode(vocabulary.encode("ein hund")[:-1].tolist()) == "ein hund"
