"""Where callbacks print."""

import io
import sys
from typing import TextIO

from rich.console import Console


def stdout_console() -> Console:
    """For results, which a shell may redirect."""
    return _console(sys.stdout)


def stderr_console() -> Console:
    """For what is only of interest while the search runs."""
    return _console(sys.stderr)


def _console(stream: TextIO) -> Console:
    # A terminal or log that cannot show ∘ or ₁ shows ?, where Python would stop the search.
    if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower() not in ("utf-8", "utf8"):
        stream.reconfigure(errors="replace")
    return Console(file=stream, highlight=False, emoji=False, markup=False)


def can_animate(console: Console) -> bool:
    """Whether lines already printed can be replaced. rich alone would trust FORCE_COLOR, which
    continuous integration sets for logs that are no terminal."""
    return console.is_interactive and console.file.isatty()
