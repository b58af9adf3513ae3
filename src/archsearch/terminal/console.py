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
    # A notebook shows stderr as an error, and nobody redirects its stdout.
    return _console(sys.stdout if Console().is_jupyter else sys.stderr)


def _console(stream: TextIO) -> Console:
    # A terminal or log that cannot show ∘ or ₁ shows ?, where Python would stop the search.
    if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower() not in ("utf-8", "utf8"):
        stream.reconfigure(errors="replace")
    # In a notebook rich would make each line an output of its own.
    return Console(file=stream, highlight=False, emoji=False, markup=False, force_jupyter=False)


def can_animate(console: Console) -> bool:
    """Whether lines already printed can be replaced. rich alone would trust FORCE_COLOR, which
    continuous integration sets for logs that are no terminal."""
    return console.is_interactive and console.file.isatty()
