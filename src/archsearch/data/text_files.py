"""A user's text files, plain or gzipped."""

import gzip
import zlib
from pathlib import Path

from archsearch.data.errors import DataError
from archsearch.decoding import NotText, decoded

_GZIP_MARK = b"\x1f\x8b"  # which no text begins with


def read_text_file(path: str, key: str) -> str:
    """The text at `path`, or at `path` with .gz behind it; `key` is what named it.

    Raises:
        DataError: there is none, it cannot be read, is no text, or has nothing but white space.
    """
    try:
        content = _located(path).read_bytes()
    except OSError as error:
        raise DataError(
            f"{key}={path}: expected a text, plain or gzipped; it cannot be read: {error.strerror}"
        ) from None
    text = text_of(content, path)
    if not text.strip():
        raise DataError(f"{key}={path}: expected a text, got an empty file")
    return text


def stored_text(path: str) -> bytes:
    """What a text file says in UTF-8, whatever its encoding; its bytes where it is no text, and
    nothing where there is no file."""
    place = _located(path)
    content = place.read_bytes() if place.is_file() else b""
    try:
        return text_of(content, path).encode()
    except DataError:  # which reading it will report
        return content


def text_of(content: bytes, where: str) -> str:
    """The text of a file's bytes, gzipped or not. Raises DataError where they are none."""
    try:
        plain = gzip.decompress(content) if content.startswith(_GZIP_MARK) else content
        return decoded(plain, where)
    except NotText as error:
        raise DataError(str(error)) from None
    except (EOFError, OSError, zlib.error) as error:
        raise DataError(
            f"{where}: a gzip file that cannot be read: {error}; put a whole copy in its place"
        ) from None


def _located(path: str) -> Path:
    place = Path(path).expanduser()
    gzipped = place.with_name(place.name + ".gz")
    return gzipped if gzipped.exists() and not place.exists() else place
