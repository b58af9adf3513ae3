"""What the user is told about data that could be used, but not as it stands: a line on stderr."""

import multiprocessing
import sys
from collections.abc import Collection, Sequence
from typing import NamedTuple

from archsearch.data.text import UNKNOWN


class Read(NamedTuple):
    """The symbols of a text, and which ones its training text has taught."""

    name: str  # such as "valid"
    symbols: Sequence[str]
    known: Collection[str]


def tell(text: str) -> None:
    """Say it, in one line, unless this is a worker: all data is loaded before there are any."""
    if multiprocessing.parent_process() is None:
        sys.stderr.write(f"archsearch: {text}\n")


def tell_unknown(name: str, texts: Sequence[Read]) -> None:
    """How much of these texts is `<unk>`, with an example of each; nothing where nothing is."""
    found = []
    for text in texts:
        unknown = [symbol for symbol in text.symbols if symbol not in text.known]
        if unknown:
            share = f"{100 * len(unknown) / len(text.symbols):.2g}%"
            found.append(
                f"{len(unknown):,} of {len(text.symbols):,} in {text.name} ({share}), "
                f"such as {unknown[0]!r}"
            )
    if found:
        tell(f"{name}: symbols that training does not know, read as {UNKNOWN}: {'; '.join(found)}")
