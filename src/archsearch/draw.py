"""`python -m archsearch.draw zoo/lstm --out lstm.svg`: a cell, layer or network as a picture.

Also as Graphviz's DOT, as LaTeX and as plain equations; two cells as one picture with what they
have in common marked.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from archsearch.architecture import Architecture, read_cell
from archsearch.cell import Cell
from archsearch.drawing import draw_pair
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
        text = drawn(options.cells, options.out)
        if options.out is None:
            sys.stdout.write(text)
        else:
            options.out.write_text(text, encoding="utf-8")
    except ValueError as error:
        stop(str(error), USAGE)
    except OSError as error:
        stop(f"{error.filename}: {error.strerror}", FAILURE)


def drawn(sources: list[str], out: Path | None) -> str:
    """The content of the file `out`; without one, the equations.

    Raises:
        ValueError: a source names no architecture, or there is no such drawing of it.
    """
    suffix = ".txt" if out is None else out.suffix
    if suffix not in FORMATS:
        raise ValueError(f"--out: expected a file {', '.join(FORMATS)}, got {out}")
    architectures = [read_cell(source) for source in sources]
    if len(architectures) == 1:
        return FORMATS[suffix](architectures[0])
    if len(architectures) > 2 or suffix != ".svg":
        raise ValueError(
            f"expected one cell, or two and --out with a file .svg; got {len(architectures)} "
            f"and {out or 'no --out'}"
        )
    first, second = architectures
    if not isinstance(first, Cell) or not isinstance(second, Cell):
        raise ValueError("two side by side: expected cells, got a layer or a network")
    return draw_pair(first, second, names=(_name(sources[0]), _name(sources[1])))


def _name(source: str) -> str:
    """What to call it beside its key: a short name or path as given, nothing for a cell's text."""
    return source if "=" not in source and len(source) <= 40 else ""


def _parser() -> Parser:
    parser = Parser(
        prog="python -m archsearch.draw",
        description="Draw an architecture, or two cells with what they have in common marked.",
    )
    parser.add_argument(
        "cells",
        nargs="+",
        metavar="cell",
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
