"""`python -m archsearch.bench`: how fast any cell trains, as a table and as JSON."""

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from archsearch.bench.settings import FULL, PARTS, PRECISIONS, QUICK, Shape
from archsearch.usage import Parser, positive

if TYPE_CHECKING:
    from archsearch.bench.record import Record

Item = TypeVar("Item")


def main() -> None:
    """The command."""
    given = vars(_parser().parse_args())
    json, earlier = given.pop("json"), given.pop("compare")
    base = QUICK if given.pop("quick") else FULL
    # Here, because torch takes seconds to import: --help and mistakes are answered without.
    from archsearch.bench.command import bench

    bench(replace(base, **given), json, earlier)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m archsearch.bench",
        description="Measure layers, training steps and compilation against torch.nn and against "
        "the matrix products alone. Contenders take turns; figures are medians over the rounds. "
        "The default takes about a quarter of an hour on two cores.",
        argument_default=argparse.SUPPRESS,  # so that what is given replaces the preset's
    )
    add: Callable[..., Any] = parser.add_argument
    add("--parts", type=_list_of(_one_of(PARTS)), metavar="PART,…", help=_default("parts"))
    add("--cells", type=_list_of(_cell), metavar="CELL,…",
        help="of the zoo; random:n draws n of every cell space; " + _default("cells"))  # fmt: skip
    add("--shapes", type=_list_of(_shape), metavar="TxBxH,…",
        help="time steps, batch and width of layers; " + _default("shapes"))  # fmt: skip
    add("--threads", type=_list_of(positive), metavar="N,…", help=_default("threads"))
    add("--precision", type=_list_of(_one_of(PRECISIONS)), metavar="DTYPE,…", dest="precisions",
        help=f"of layers, {' or '.join(PRECISIONS)}; " + _default("precisions"))  # fmt: skip
    add("--rounds", type=positive, metavar="N",
        help=f"at least, and {FULL.seconds:.0f} s a row; " + _default("rounds"))  # fmt: skip
    add("--seed", type=int, metavar="N", help="of all that is drawn; " + _default("seed"))
    add("--quick", action="store_true", default=False, help="tiny sizes, in a few seconds")
    add("--json", type=_new_file, default=None, metavar="FILE", help="write all figures there")
    add("--compare", type=_record, default=None, metavar="EARLIER.json",
        help="a file that --json wrote; adds how many times as fast this run is")  # fmt: skip
    return parser


def _default(name: str) -> str:
    value = getattr(FULL, name)
    shown = ",".join(map(str, value)) if isinstance(value, tuple) else value
    return f"default {shown}"


def _list_of(read: Callable[[str], Item]) -> Callable[[str], tuple[Item, ...]]:
    def read_list(text: str) -> tuple[Item, ...]:
        return tuple(read(item.strip()) for item in text.split(","))

    return read_list


def _one_of(known: tuple[str, ...]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in known:
            raise argparse.ArgumentTypeError(f"expected some of {', '.join(known)}, got {text!r}")
        return text

    return read


def _cell(text: str) -> str:
    from archsearch.bench.cells import check_name  # here, as below: imports that --help spares

    try:
        check_name(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _shape(text: str) -> Shape:
    sizes = text.split("x")
    if len(sizes) != 3 or not all(size.isdecimal() and int(size) > 0 for size in sizes):
        raise argparse.ArgumentTypeError(
            f"expected time steps, batch and width such as 35x20x200, got {text!r}"
        )
    return Shape(*map(int, sizes))


def _new_file(text: str) -> Path:
    path = Path(text)
    if path.is_dir() or not path.parent.is_dir():  # said now, not after the measuring
        raise argparse.ArgumentTypeError(f"expected a file in a folder that exists, got {text!r}")
    return path


def _record(text: str) -> "Record":
    from archsearch.bench.record import read_record

    try:
        return read_record(Path(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


if __name__ == "__main__":
    main()
