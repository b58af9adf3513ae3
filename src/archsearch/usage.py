"""Commands without a configuration: wrong usage is one line, and exit codes are those of all.

Exit codes: 0 done, 1 failed (data, disk, archive, a bug), 2 the command itself was wrong,
130 interrupted. Needs no torch, so that such a command starts at once.
"""

import argparse
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from typing import Any, NoReturn

USAGE, FAILURE, INTERRUPTED = 2, 1, 130


def version() -> str:
    """What --version says."""
    return f"archsearch {metadata.version('archsearch')}"


@contextmanager
def interruptible() -> Iterator[None]:
    """Make SIGTERM the same as Ctrl-C, and let both end the process in one line."""
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt as error:
        stop(str(error) or f"stopped, nothing is lost; to go on: {typed()}", INTERRUPTED)
    finally:
        signal.signal(signal.SIGTERM, previous)


def typed() -> str:
    """The command that runs, ready to be pasted."""
    return shlex.join(["python", *sys.orig_argv[1:]])


class Parser(argparse.ArgumentParser):
    """Wrong usage is one line and exit code 2, and --version is archsearch's."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.add_argument("--version", action="version", version=version())

    def error(self, message: str) -> NoReturn:
        stop(f"{message}; try --help", USAGE)


def positive(text: str) -> int:
    """An option's integer of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected an integer of at least 1, got {text!r}")
    return int(text)


def stop(message: str, code: int) -> NoReturn:
    """End the process with one line on stderr."""
    sys.stderr.write(f"archsearch: {message}\n")
    raise SystemExit(code) from None
