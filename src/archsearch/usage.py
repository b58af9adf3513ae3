"""Commands without a configuration: wrong usage is one line, and exit codes are those of all.

Exit codes: 0 done, 1 failed (data, disk, archive, a bug), 2 the command itself was wrong,
130 interrupted. Needs no torch, so that such a command starts at once.
"""

import argparse
import sys
from typing import NoReturn

USAGE, FAILURE, INTERRUPTED = 2, 1, 130


class Parser(argparse.ArgumentParser):
    """Wrong usage is one line and exit code 2."""

    def error(self, message: str) -> NoReturn:
        stop(f"{message}; try --help", USAGE)


def stop(message: str, code: int) -> NoReturn:
    """End the process with one line on stderr."""
    sys.stderr.write(f"archsearch: {message}\n")
    raise SystemExit(code) from None
