"""`python -m archsearch.export outputs/<run> --to python,json`: a result to take home."""

import argparse
import sys
from pathlib import Path

from archsearch.command import FAILURE, Parser, one_line_errors
from archsearch.export.check import Mismatch
from archsearch.export.formats import FORMATS
from archsearch.export.place import place
from archsearch.export.subject import read_subject
from archsearch.train import set_up_process
from archsearch.train.lines import write_line

FOLDER = "export"  # in the run's directory, unless --out says otherwise


def main() -> None:
    """The command."""
    options = _parser().parse_args()
    with one_line_errors():
        export(options.run, options.to, options.out or options.run / FOLDER)


def export(run: Path, formats: list[str], out: Path) -> None:
    """Make and check every format, then write all files, or none."""
    set_up_process()
    subject = read_subject(run)
    files: dict[str, bytes] = {}
    for name in formats:
        try:
            exported = FORMATS[name](subject)
        except Mismatch as error:
            sys.stderr.write(f"archsearch: {error}\n")
            raise SystemExit(FAILURE) from None
        files |= exported.files
        write_line(f"{name}: {_checked(exported.difference, subject.is_trained)}")
    place(out, files)
    for name in files:
        write_line(f"  {out / name}")
    if subject.description["provenance"]["kind"] == "search":
        which = "those of its trial, under the search's budget" if subject.is_trained else "none"
        longer = f"python -m archsearch.train cell={run}"
        write_line(f"the best cell of a search; weights: {which}. To train it longer: {longer}")


def _checked(difference: float | None, is_trained: bool) -> str:
    if difference is None:
        return "description"
    model = "the trained model" if is_trained else "a network of random weights"
    return f"largest difference from {model} {difference:.2g}"


def _formats(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in FORMATS:
            raise argparse.ArgumentTypeError(f"expected some of {', '.join(FORMATS)}, got {name!r}")
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
        help=f"of {', '.join(FORMATS)}; default python,json",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="FOLDER", help=f"default: <run>/{FOLDER}")
    return parser


if __name__ == "__main__":
    main()
