"""Bytes to text, and text to lines."""

import codecs

import pytest

from archsearch.decoding import NotText, decoded, lines_of

TEXT = "Zürich\n\n日本 x\n"


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_marks_and_line_ends_make_no_difference(mark, encoding, end):
    assert decoded(mark + TEXT.replace("\n", end).encode(encoding), "x") == TEXT


def test_nothing_but_a_line_feed_ends_a_line():
    inside = "a\rb\x0bc\x0cd\x1ce\x85f\u2028g\u2029h"
    assert lines_of(decoded(f"{inside}\r\n\nlast".encode(), "x")) == [inside, "", "last"]
    assert lines_of("a\n") == ["a"]
    assert lines_of("") == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "a\nä".encode("latin1"),
            "f: expected text in UTF-8, .* 0xe4 in line 2; .*iconv",
        ),
        ("a\nä".encode("utf-16")[:-1], "f: expected text in UTF-16-LE, .* in line 2; .*damaged"),
        ("ab\n".encode("utf-16-le"), "f: .*0x00 in line 1, as in UTF-16 without a byte order mark"),
    ],
)
def test_what_is_no_text_is_one_line_that_says_where(content, message):
    with pytest.raises(NotText, match=message) as raised:
        decoded(content, "f")
    assert "\n" not in str(raised.value)
