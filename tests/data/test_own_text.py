"""A user's own text, good and bad."""

import gzip
import re
from pathlib import Path
from typing import Any

import pytest

from archsearch.data import DataError, TokenCorpus, load_text
from archsearch.data.own_text import text_digest

LINES = "".join(f"the cat number {n % 7} saw the dog\n" for n in range(200))
LEVELS: dict[str, dict[str, Any]] = {
    "word": {}, "character": {}, "sentencepiece": {"num_pieces": 40}
}  # fmt: skip


def numbers(corpus: TokenCorpus) -> list[list[int]]:
    return [split.tolist() for split in (corpus.train, corpus.valid, corpus.test)]


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


@pytest.mark.parametrize("level", LEVELS)
def test_mark_encoding_line_ends_and_gzip_make_no_difference(written, level: str) -> None:
    plain, options = LINES.replace("saw", "sägt"), {"level": level, **LEVELS[level]}
    path = written("plain.txt", plain)
    expected, digest = load_text(path, **options), text_digest(path)
    forms = {
        "mark": plain.encode("utf-8-sig"),
        "utf16": plain.encode("utf-16"),
        "utf32": plain.encode("utf-32"),
        "crlf": plain.replace("\n", "\r\n").encode(),
        "gzip": gzip.compress(plain.encode()),
        "behind.gz": gzip.compress(plain.encode("utf-8-sig")),
    }
    for name, content in forms.items():
        path = written(name, content).removesuffix(".gz")
        corpus = load_text(path, **options)
        assert corpus.vocabulary == expected.vocabulary, name
        assert numbers(corpus) == numbers(expected), name
        assert text_digest(path) == digest, name


@pytest.mark.parametrize("level", ["word", "sentencepiece"])
@pytest.mark.parametrize("white", list("\t\r\x0b\x0c\x1c\x85\xa0\u2003\u2028\u2029\u3000"))
def test_all_white_space_parts_words_and_none_of_it_ends_a_line(written, level, white) -> None:
    options = {"level": level, **LEVELS[level]}
    expected = load_text(written("blanks.txt", LINES), **options)
    corpus = load_text(
        written("white.txt", LINES.replace(" cat ", f"{white}cat{white}")), **options
    )
    # What is held out is cut by position, so texts of equal length are.
    assert corpus.vocabulary == expected.vocabulary
    assert numbers(corpus) == numbers(expected)
    assert corpus.encode(f"the{white}cat") == expected.encode("the cat")


@pytest.mark.parametrize(
    ("level", "new", "said"),
    [
        ("word", "sun", r"1 of 7 in valid \(14%\), such as 'sun'"),
        ("character", "ß", r"1 of 18 in valid \(5\.6%\), such as 'ß'"),
        ("sentencepiece", "ß", r"1 of \d+ in valid \(\d+(\.\d)?%\), such as 'ß'"),
    ],
)
def test_what_training_lacks_is_unknown_counted_and_not_predicted(
    written, capsys, level: str, new: str, said: str
) -> None:
    options = {"level": level, **LEVELS[level]}
    train, valid = written("train.txt", LINES), written("valid.txt", f"the cat\nthe {new} dog\n")
    corpus = load_text(train, valid, **options)
    (line,) = capsys.readouterr().err.splitlines()
    assert re.fullmatch(f"archsearch: train: symbols .*, read as <unk>: {said}", line)
    unknown = corpus.vocabulary.index("<unk>")
    assert corpus.valid.tolist().count(unknown) == 1
    scored = corpus.scored().valid.tolist()
    assert scored == [~n if n == unknown else n for n in corpus.valid.tolist()]


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_has_unk_and_says_nothing_where_all_is_known(written, capsys, level) -> None:
    corpus = load_text(written("train.txt", LINES), level=level, **LEVELS[level])
    assert capsys.readouterr().err == ""
    assert corpus.vocabulary.count("<unk>") == 1
    assert corpus.scored().all_scored
    assert corpus.vocabulary.index("<unk>") in corpus.encode("ßßß")


def test_words_too_rare_to_be_kept_teach_what_unknown_is(written) -> None:
    train, valid = written("train.txt", LINES + "once\n"), written("valid.txt", "the sun\n")
    assert load_text(train, valid).scored().all_scored


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
    with pytest.raises(DataError, match=r"data\.train=.*none: .* cannot be read: No such file"):
        load_text(tmp_path / "none")
    with pytest.raises(DataError, match=r"data\.train: expected the path of a text, got none"):
        load_text(None)


def test_the_digest_is_that_of_the_content(written) -> None:
    first, same, other = written("a", "x"), written("b", "x"), written("c", "y")
    assert text_digest(first, None, None) == text_digest(same, None, None)
    assert text_digest(first, None, None) != text_digest(other, None, None)
    assert text_digest(first, other, None) != text_digest(first, None, other)
