r"""Bytes to text: the one place that decides on encodings and on where a line ends.

White space is what `str.split()` takes for it, no-break spaces and U+2028 included. A line ends at
"\n" or "\r\n" and at nothing else. Neither a "\r" alone nor U+2028 and its like end one: they
occur inside sentences, and one that cut there would shift all lines of a parallel text after it.
"""

import codecs

# The byte order marks. Those of UTF-32 first: the mark of UTF-16 is the beginning of one of them.
_ENCODINGS = {
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
    codecs.BOM_UTF8: "utf-8",
}


class NotText(ValueError):
    """Bytes that are no text. The message says where they fail, and what to try."""


def decoded(content: bytes, where: str) -> str:
    r"""The text, its byte order mark dropped and its lines ending in "\n".

    UTF-16 and UTF-32 are known by their marks; all else is UTF-8.

    Raises:
        NotText: it is not in that encoding, or UTF-16 or UTF-32 without a mark; `where` names it.
    """
    mark = next((mark for mark in _ENCODINGS if content.startswith(mark)), b"")
    encoding = _ENCODINGS.get(mark, "utf-8")
    body = content[len(mark) :]
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        line = body[: error.start].decode(encoding).count("\n") + 1
        advice = "convert it, such as with iconv -f latin1 -t utf-8"
        if mark:
            advice = "its byte order mark says that it is such text, so it is damaged"
        raise NotText(
            f"{where}: expected text in {encoding.upper()}, got the byte 0x{body[error.start]:02x} "
            f"in line {line}; {advice}"
        ) from None
    before, zero, _ = text.partition("\0")
    if zero:
        raise NotText(
            f"{where}: expected text, got the byte 0x00 in line {before.count(chr(10)) + 1}, as in "
            "UTF-16 without a byte order mark; if it is that, convert it, such as with "
            "iconv -f utf-16le -t utf-8"
        )
    return text.replace("\r\n", "\n")


def lines_of(text: str) -> list[str]:
    """The lines of a decoded text, without their ends."""
    return text.removesuffix("\n").split("\n") if text else []
