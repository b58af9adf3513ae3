"""How a text falls into the symbols of a vocabulary, and comes together again."""

from collections.abc import Sequence
from typing import ClassVar, Protocol

END_OF_SENTENCE = "<eos>"
UNKNOWN = "<unk>"


class Symbols(Protocol):
    """Of one level: words, characters, pieces of words. `name` is what one is called."""

    name: ClassVar[str]

    def split(self, text: str) -> list[str]:
        """The symbols of a text."""

    def join(self, symbols: Sequence[str]) -> str:
        """The text of symbols."""


class Characters:
    """Every character is a symbol."""

    name: ClassVar[str] = "character"

    def split(self, text: str) -> list[str]:
        return list(text)

    def join(self, symbols: Sequence[str]) -> str:
        return "".join(symbols)


class Words:
    """Split at white space; `<eos>` where a line ends."""

    name: ClassVar[str] = "word"

    def split(self, text: str) -> list[str]:
        return text.replace("\n", f" {END_OF_SENTENCE} ").split()

    def join(self, symbols: Sequence[str]) -> str:
        lines = " ".join(symbols).split(END_OF_SENTENCE)
        return "\n".join(line.strip() for line in lines)
