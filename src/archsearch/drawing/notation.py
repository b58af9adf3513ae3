"""Symbols such as f_t, W_f and h_{t−1}: what the equations and the drawings call things.

A symbol is a base and its index parts; how it is spelt (plain text, LaTeX, SVG) is decided last,
because labels are free text that each of the three must escape in its own way.
"""

import re
from dataclasses import dataclass

PRIME = "′"

_SOURCE = re.compile(r"([a-z])_(t|tm1)")
_NUMBERED = re.compile(r"([A-Za-z])_?([0-9]{1,3})")
_WORD = re.compile(r"\w+", re.ASCII)
_PLAIN_INDEX = re.compile(r"[A-Za-z]|[0-9]+|t−1")
_SUBSCRIPT_DIGITS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_LATEX_ESCAPES = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        **{character: "\\" + character for character in "{}_$%&#"},
    }
)


@dataclass(frozen=True, slots=True)
class Symbol:
    """A base with index parts: Symbol("h", ("t−1",)) is h at the previous step."""

    base: str
    index: tuple[str, ...] = ()

    def unicode(self) -> str:
        """One line of plain text, as in W₁, f_t and h_{t−1}."""
        if len(self.index) == 1 and self.index[0].isascii() and self.index[0].isdigit():
            return _plain(self.base) + self.index[0].translate(_SUBSCRIPT_DIGITS)
        index = self.index_text()
        if len(index) > 1:
            index = "{" + index + "}"
        return f"{_plain(self.base)}_{index}" if index else _plain(self.base)

    def index_text(self) -> str:
        return ",".join(_plain(part) for part in self.index)

    def latex(self) -> str:
        """The symbol in LaTeX's math mode; every character of a label is escaped."""
        index = ",".join(_latex(part) for part in self.index)
        if len(index) > 1:
            index = "{" + index + "}"
        return f"{_latex(self.base)}_{index}" if index else _latex(self.base)

    def primed(self) -> "Symbol":
        return Symbol(self.base + PRIME, self.index)


def source_symbol(source: str) -> Symbol:
    """x_t -> x with index t; c_tm1 -> c with index t−1."""
    match = _SOURCE.fullmatch(source)
    assert match is not None, source
    return Symbol(match[1], ("t−1" if match[2] == "tm1" else "t",))


def label_symbol(label: str) -> Symbol | None:
    """The symbol at time t for an author's label; None for a label with nothing to show.

    What cannot be printed becomes �.
    """
    text = "".join(character if character.isprintable() else "�" for character in label).strip()
    text = text.removesuffix("_t") or text
    if not text:
        return None
    if match := _NUMBERED.fullmatch(text):
        return Symbol(match[1], (match[2], "t"))
    return Symbol(text, ("t",))


def escape_latex(text: str) -> str:
    """Free text for LaTeX's text mode."""
    return text.translate(_LATEX_ESCAPES)


def _plain(part: str) -> str:
    word = part.rstrip(PRIME)
    if _WORD.fullmatch(word) or _PLAIN_INDEX.fullmatch(word):
        return part
    return f"⟨{word}⟩" + part[len(word) :]


def _latex(part: str) -> str:
    word = part.rstrip(PRIME)
    primes = "'" * (len(part) - len(word))
    if _PLAIN_INDEX.fullmatch(word):
        return word.replace("−", "-") + primes
    if _WORD.fullmatch(word):
        return rf"\mathit{{{escape_latex(word)}}}{primes}"
    return rf"\text{{{escape_latex(word)}}}{primes}"
