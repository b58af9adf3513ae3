"""A user's own text, good and bad."""

from pathlib import Path
from typing import Any

import pytest

from archsearch.data import DataError, load_text, text_digest

LINES = "".join(f"the cat number {n % 7} saw the dog\n" for n in range(200))


@pytest.fixture
def written(tmp_path: Path):
    def write(name: str, content: str | bytes) -> str:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return write


def test_words_seen_once_are_unknown_and_so_are_new_ones(written) -> None:
    train, valid = written("train.txt", "a a b b once\n"), written("valid.txt", "a new b\n")
    corpus = load_text(train, valid, min_count=2)
    assert set(corpus.vocabulary) == {"a", "b", "<unk>", "<eos>"}
    words = [corpus.vocabulary[n] for n in corpus.valid.tolist()]
    assert words == ["a", "<unk>", "b", "<eos>"]
    assert corpus.test.equal(corpus.valid)


def test_a_tenth_is_held_out_in_whole_lines(written) -> None:
    corpus = load_text(written("text.txt", LINES), level="character")
    texts = [
        "".join(corpus.vocabulary[n] for n in split.tolist())
        for split in (corpus.train, corpus.valid, corpus.test)
    ]
    assert "".join(texts) == LINES
    assert all(text.endswith("\n") for text in texts)
    assert [round(len(text) / len(LINES), 2) for text in texts] == [0.9, 0.05, 0.05]


def test_pieces_say_the_text_again(written) -> None:
    corpus = load_text(written("text.txt", LINES), level="sentencepiece", num_pieces=40)
    assert len(corpus.vocabulary) == 40
    said = "".join(corpus.vocabulary[n] for n in corpus.valid.tolist())
    assert said.replace("▁", " ").startswith(" the cat number ")
    assert (
        corpus.train.tolist()
        == load_text(
            written("same.txt", LINES), level="sentencepiece", num_pieces=40
        ).train.tolist()
    )


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("", {}, "expected a text, got an empty file"),
        (" \n", {}, "expected a text, got an empty file"),
        ("caf\xe9\n".encode("latin1"), {}, r"expected text in UTF-8, got the byte 0xe9 in line 1"),
        ("one line", {}, "expected enough lines to hold out a tenth"),
        ("a" * 300, {"level": "character"}, "2 or more different symbols .* got only 'a'"),
        (LINES, {"level": "letters"}, "expected word, character, sentencepiece, got 'letters'"),
        (LINES, {"level": "sentencepiece"}, "cannot learn 4000 pieces from this text"),
        (LINES, {"min_count": 0}, "min_count: expected at least 1, got 0"),
        (LINES, {"digest": "0" * 16}, "changed during the run"),
    ],
)
def test_bad_input_is_one_clear_line(
    written, content: str | bytes, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        load_text(written("text.txt", content), **options)
    assert "\n" not in str(caught.value)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"data\.train=.*none: cannot be read: No such file"):
        load_text(tmp_path / "none")
    with pytest.raises(DataError, match=r"data\.train: expected the path of a text, got none"):
        load_text(None)


def test_the_digest_is_that_of_the_content(written) -> None:
    first, same, other = written("a", "x"), written("b", "x"), written("c", "y")
    assert text_digest(first, None, None) == text_digest(same, None, None)
    assert text_digest(first, None, None) != text_digest(other, None, None)
    assert text_digest(first, other, None) != text_digest(first, None, other)
