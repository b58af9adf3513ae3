"""Architectures from their texts, and from what may stand for one on a command line."""

from collections.abc import Callable
from pathlib import Path

from archsearch.architecture.architecture import Architecture
from archsearch.architecture.conv_reader import read_conv
from archsearch.architecture.layer import read_layer
from archsearch.cell import CellError, parse, zoo
from archsearch.decoding import NotText, decoded

# The first word of a text says what it is; the text of a cell begins with an equation.
READERS: dict[str, Callable[[str], Architecture]] = {
    "conv": read_conv,
    "layer": read_layer,
}

_ZOO = "zoo/"
_RUN_FILES = ("best_cell.txt", "cell.txt")  # of a search, of a training
TEXT_SIGNS = "(=;<"  # of which every text has one and no sensible path


def read_architecture(text: str) -> Architecture:
    """The architecture that the text stands for; CellError where it is none."""
    first, second = (*text.split(maxsplit=2), "", "")[:2]
    names_a_node = second.startswith("=")  # an author of a cell may call a node conv
    return parse(text) if names_a_node else READERS.get(first, parse)(text)


def read_cell(source: str) -> Architecture:
    """The cell that `source` names: `zoo/<name>`, a cell's text, a file of such a text, or the
    directory of a run: of a search for its best cell, of a training for the cell trained.
    CellError for no such cell or file, or a text that is none."""
    if source.startswith(_ZOO):
        return zoo[source.removeprefix(_ZOO)]
    if any(sign in source for sign in TEXT_SIGNS):
        return read_architecture(source)
    path = Path(source).expanduser()
    candidates = [path / name for name in _RUN_FILES] if path.is_dir() else [path]
    path = next((candidate for candidate in candidates if candidate.is_file()), path)
    if not path.is_file():
        raise CellError(
            "cell: expected zoo/<name>, the text of a cell, a file with one, or the directory of a "
            f"run, got {source!r}: no file {' or '.join(map(str, candidates))}; "
            f"the zoo has {', '.join(zoo)}"
        )
    return read_cell_file(path)


def read_cell_file(path: Path) -> Architecture:
    """The architecture whose text is in the file; CellError where it is none."""
    try:
        return read_architecture(decoded(path.read_bytes(), f"cell: {path}"))
    except NotText as error:
        raise CellError(str(error)) from None
