"""From text to architecture."""

from collections.abc import Callable

from archsearch.architecture.architecture import Architecture
from archsearch.architecture.conv_reader import read_conv
from archsearch.architecture.layer import read_layer
from archsearch.cell import parse

# The first word of a text says what it is; the text of a cell begins with an equation.
READERS: dict[str, Callable[[str], Architecture]] = {
    "conv": read_conv,
    "layer": read_layer,
}


def read_architecture(text: str) -> Architecture:
    """The architecture that the text stands for.

    Raises:
        CellError: the text is none.
    """
    first, second = (*text.split(maxsplit=2), "", "")[:2]
    names_a_node = second.startswith("=")  # an author of a cell may call a node conv
    return parse(text) if names_a_node else READERS.get(first, parse)(text)
