"""`python -m archsearch.draw zoo/lstm --out lstm.svg`: a cell, layer or network as a picture.

Also as Graphviz's DOT, as LaTeX and as plain equations.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from archsearch.architecture import Architecture, read_cell
from archsearch.usage import FAILURE, USAGE, Parser, stop

FORMATS: dict[str, Callable[[Architecture], str]] = {
    ".svg": lambda architecture: architecture.to_svg(),
    ".dot": lambda architecture: architecture.to_dot(),
    ".tex": lambda architecture: architecture.equations("latex") + "\n",
    ".txt": lambda architecture: architecture.equations() + "\n",
}


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    options = _parser().parse_args(arguments)
    try:
        text = drawn(options.cell, options.out)
        if options.out is None:
            sys.stdout.write(text)
        else:
            options.out.write_text(text, encoding="utf-8")
    except ValueError as error:
        stop(str(error), USAGE)
    except OSError as error:
        stop(f"{error.filename}: {error.strerror}", FAILURE)


def drawn(source: str, out: Path | None) -> str:
    """The content of the file `out`; without one, the equations.

    Raises:
        ValueError: the source names no architecture, or there is no such drawing of it.
    """
    suffix = ".txt" if out is None else out.suffix
    if suffix not in FORMATS:
        raise ValueError(f"--out: expected a file {', '.join(FORMATS)}, got {out}")
    return FORMATS[suffix](read_cell(source))


def _parser() -> Parser:
    parser = Parser(
        prog="python -m archsearch.draw",
        description="Draw an architecture.",
    )
    parser.add_argument(
        "cell",
        help="zoo/<name>, the text of a cell, layer or network, a file with one, or a run's folder",
    )
    parser.add_argument(
        "--out",
        type=Path,
        help=f"where to; {', '.join(FORMATS)} say what (without: equations on the terminal)",
    )
    return parser


if __name__ == "__main__":
    main()
