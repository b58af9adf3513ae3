"""Cell text to words, and errors that show where in the text they are."""

import re
from dataclasses import dataclass

from archsearch.cell.errors import CellError, shown

_TOKEN = re.compile(
    r"""(?P<blank>[ \t\r\n]+|\#[^\n]*)
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<number>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | (?P<sign>[(),;=|])""",
    re.VERBOSE,
)
END = "the end of the text"
_SNIPPET_WIDTH = 80


@dataclass(frozen=True, slots=True)
class Token:
    """A word of the text. Kinds are "name", "number", "end", and each sign itself."""

    kind: str
    text: str
    start: int

    def __str__(self) -> str:
        return END if self.kind == "end" else shown(self.text)


def scan(
    text: str,
    token: re.Pattern[str] = _TOKEN,
    expected: str = "a name, a number, or one of ( ) , ; = |",
) -> list[Token]:
    """All words without blanks and comments, and an "end". Raises CellError for other signs.

    token: matches one word; its groups are the kinds, among them "blank" and "sign".
    expected: what it matches, for the error.
    """
    tokens = []
    position = 0
    while position < len(text):
        match = token.match(text, position)
        if match is None:
            raise error_at(
                text,
                position,
                f"unexpected character U+{ord(text[position]):04X}; expected {expected}",
            )
        kind = str(match.lastgroup)
        if kind != "blank":
            tokens.append(Token(match[0] if kind == "sign" else kind, match[0], position))
        position = match.end()
    tokens.append(Token("end", "", len(text)))
    return tokens


def line_and_column(text: str, position: int) -> tuple[int, int]:
    """Both count from 1."""
    return text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position)


def error_at(text: str, position: int, problem: str) -> CellError:
    """The error with line and column, the line itself and a caret below the place."""
    line, column = line_and_column(text, position)
    start = position - (column - 1)
    end = text.find("\n", start)
    whole = text[start : end if end >= 0 else len(text)]
    first = max(0, column - 1 - _SNIPPET_WIDTH // 2)
    excerpt = shown(whole[first : first + _SNIPPET_WIDTH], _SNIPPET_WIDTH)
    caret = " " * (column - 1 - first) + "^"
    return CellError(f"line {line}, column {column}: {problem}\n  {excerpt}\n  {caret}")
