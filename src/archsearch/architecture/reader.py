"""From text to architecture."""

from collections.abc import Callable

from archsearch.architecture.architecture import Architecture
from archsearch.cell import parse

# The first word of a text says what it is; the text of a cell begins with an equation.
READERS: dict[str, Callable[[str], Architecture]] = {}


def read_architecture(text: str) -> Architecture:
    """The architecture that the text stands for.

    Raises:
        CellError: the text is none.
    """
    first_word = text.split(maxsplit=1)[0] if text.strip() else ""
    return READERS.get(first_word, parse)(text)
