"""`python -m archsearch.export outputs/<run> --to python,json`: a result to take home."""

import argparse
from pathlib import Path

from archsearch.command import one_line_errors
from archsearch.export import FORMAT_NAMES
from archsearch.usage import Parser

FOLDER = "export"  # in the run's directory, unless --out says otherwise


def main() -> None:
    """The command."""
    options = _parser().parse_args()
    # Here, because torch takes seconds to import: --help and mistakes are answered without.
    from archsearch.export.command import export

    with one_line_errors():
        export(options.run, options.to, options.out or options.run / FOLDER)


def _formats(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in FORMAT_NAMES:
            raise argparse.ArgumentTypeError(
                f"expected some of {', '.join(FORMAT_NAMES)}, got {name!r}"
            )
    return list(dict.fromkeys(names))


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m archsearch.export",
        description="Take a result home. A finished training gives its network with its weights, a "
        "search its best cell with those of its trial. Every file is checked against the trained "
        "model before it is written.",
    )
    parser.add_argument("run", type=Path, help="the directory of a training or of a search")
    parser.add_argument(
        "--to", type=_formats, default=["python", "json"], metavar="FORMAT,…",
        help=f"of {', '.join(FORMAT_NAMES)}; default python,json",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="FOLDER", help=f"default: <run>/{FOLDER}")
    return parser


if __name__ == "__main__":
    main()
