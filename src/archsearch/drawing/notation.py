"""Symbols such as f_t, W_f and h_{t−1}: what the equations and the drawings call things.

A symbol is a base and its index parts; how it is spelt (plain text, LaTeX, SVG) is decided last.
"""

import re
from dataclasses import dataclass

PRIME = "′"

_SOURCE = re.compile(r"([a-z])_(t|tm1)")
_NUMBERED = re.compile(r"([A-Za-z])_?([0-9]{1,3})")
_PLAIN_INDEX = re.compile(r"[A-Za-z]|[0-9]+|t−1")
_SUBSCRIPT_DIGITS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True, slots=True)
class Symbol:
    """A base with index parts: Symbol("h", ("t−1",)) is h at the previous step."""

    base: str
    index: tuple[str, ...] = ()

    def unicode(self) -> str:
        """One line of plain text, as in W₁, f_t and h_{t−1}."""
        if len(self.index) == 1 and self.index[0].isascii() and self.index[0].isdigit():
            return self.base + self.index[0].translate(_SUBSCRIPT_DIGITS)
        index = ",".join(self.index)
        if len(index) > 1:
            index = "{" + index + "}"
        return f"{self.base}_{index}" if index else self.base

    def latex(self) -> str:
        """The symbol in LaTeX's math mode; a label stands in italics."""
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


def label_symbol(label: str) -> Symbol:
    """The symbol at time t for an author's label, which is a name (`cell.labels`)."""
    if match := _NUMBERED.fullmatch(label):
        return Symbol(match[1], (match[2], "t"))
    return Symbol(label, ("t",))


def _latex(part: str) -> str:
    word = part.rstrip(PRIME)
    primes = "'" * (len(part) - len(word))
    if _PLAIN_INDEX.fullmatch(word):
        return word.replace("−", "-") + primes
    escaped = word.replace("_", r"\_")
    return rf"\mathit{{{escaped}}}{primes}"
