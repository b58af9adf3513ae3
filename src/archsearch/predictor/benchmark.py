"""`python -m archsearch.predictor.benchmark`: how well predictors guess real measurements.

Without options all predictors are cross-validated on NAS-Bench-NLP: those that read cells on the
final perplexity, trained on 100, 400 and all cells of the training folds; those that read curves on
the validation perplexity at epoch 40, guessed from epochs 1 to 10. Folds keep the rows of one cell
together. With `--train` and `--test` one predictor learns from one file and guesses another.
Every predictor is as its file in conf/predictor/ configures it.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any, Generic, NoReturn

from rich import box
from rich.console import Console
from rich.table import Table

from archsearch.command import USAGE, Parser
from archsearch.predictor.measuring import (
    Measure,
    Result,
    Row,
    cross_validate,
    measure_on_cells,
    measure_on_curves,
)
from archsearch.predictor.nas_bench_nlp import CELLS as CELLS_FILE
from archsearch.predictor.nas_bench_nlp import data_file, read_cells, read_curves

FILE_WIDTH = 120  # of a table that goes into a file or a pipe, in columns


@dataclass(frozen=True, slots=True)
class Kind(Generic[Row]):
    """What predictors are measured on. sizes: numbers of rows to learn from; None is all."""

    name: str
    file: str
    read: Callable[[Path], list[Row]]
    measure: Measure[Row]
    sizes: tuple[int | None, ...]


CELLS = Kind("cells", CELLS_FILE, read_cells, measure_on_cells, sizes=(100, 400, None))
CURVES = Kind("curves", "wikitext2_curves.jsonl.gz", read_curves, measure_on_curves, sizes=(None,))
KIND_OF: dict[str, Kind[Any]] = {
    "ranking": CELLS,
    "last_value": CURVES,
    "svr": CURVES,
    "curve_forest": CURVES,
    "meta_lstm": CURVES,
}


@dataclass(frozen=True, slots=True)
class Effort:
    """How much to measure. num_sizes: of the kind's sizes, the smallest first."""

    num_seeds: int
    num_folds: int
    num_sizes: int | None


FULL = Effort(num_seeds=3, num_folds=5, num_sizes=None)
QUICK = Effort(num_seeds=1, num_folds=2, num_sizes=1)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table: what was measured, and its results by seed and fold."""

    predictor: str
    trained_on: str
    results: list[list[Result]]


def main() -> None:
    """The command `python -m archsearch.predictor.benchmark`."""
    options = _read_options(sys.argv[1:])
    try:
        if options.train is None:
            cross_validate_all(options.predictor, _effort(options))
        else:
            train_and_test(options.predictor, options.train, options.test, as_json=options.json)
    except ValueError as error:
        _fail(str(error))


def train_and_test(predictor: str, train: Path, test: Path, *, as_json: bool) -> None:
    """Learn from one file, guess another, and print the scores.

    Raises:
        ValueError: a file that is not as expected; the message names it and the line.
    """
    kind = KIND_OF[predictor]
    rows = kind.read(train)
    result = kind.measure(predictor, rows, kind.read(test), 1)
    if as_json:
        _print_json(result)
    else:
        _print_table([Line(predictor, f"{len(rows)} {kind.name}", [[result]])], f"tested on {test}")


def cross_validate_all(predictor: str | None, effort: Effort) -> None:
    """Measure one predictor, or all, and print the table.

    Raises:
        ValueError: the data are missing or damaged.
    """
    names = list(KIND_OF) if predictor is None else [predictor]
    lines = [line for name in names for line in _cross_validate(name, KIND_OF[name], effort)]
    seeds = "1 seed" if effort.num_seeds == 1 else f"{effort.num_seeds} seeds"
    _print_table(
        lines,
        f"{effort.num_folds}-fold cross-validation, mean ± standard deviation over {seeds}; "
        "MAPE and median error of perplexities, as fractions; seconds a fold",
    )


def _cross_validate(predictor: str, kind: Kind[Row], effort: Effort) -> Iterator[Line]:
    rows = kind.read(data_file(kind.file))
    for size in kind.sizes[: effort.num_sizes]:
        results = [
            list(cross_validate(kind.measure, predictor, rows, seed, effort.num_folds, size))
            for seed in range(1, effort.num_seeds + 1)
        ]
        yield Line(predictor, f"{size or 'all'} {kind.name}", results)


def _print_json(result: Result) -> None:
    scores = result.scores
    fields = {
        "spearman": scores.spearman,
        "kendall": scores.kendall,
        "mape": scores.mape,
        "seconds": result.fit_seconds + result.predict_seconds,
    }
    sys.stdout.write(json.dumps(fields) + "\n")


def _print_table(lines: list[Line], caption: str) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, caption=caption, caption_justify="left")
    table.add_column("predictor", no_wrap=True)
    table.add_column("trained on", no_wrap=True)
    for heading in ("Spearman", "Kendall", "MAPE", "median", "fit s", "predict s"):
        table.add_column(heading, justify="right", no_wrap=True)
    for line in lines:
        table.add_row(
            line.predictor,
            line.trained_on,
            _figure(line.results, lambda result: result.scores.spearman),
            _figure(line.results, lambda result: result.scores.kendall),
            _figure(line.results, lambda result: result.scores.mape),
            _figure(line.results, lambda result: result.scores.median),
            f"{_mean(line.results, lambda result: result.fit_seconds):.3g}",
            f"{_mean(line.results, lambda result: result.predict_seconds):.3g}",
        )
    width = None if sys.stdout.isatty() else FILE_WIDTH
    Console(highlight=False, emoji=False, markup=False, width=width).print(table)


def _figure(results: list[list[Result]], value: Callable[[Result], float]) -> str:
    """The mean over folds and seeds, and how far the means of the seeds spread."""
    of_seeds = [mean(map(value, folds)) for folds in results]
    spread = f" ± {stdev(of_seeds):.3f}" if len(of_seeds) > 1 else ""
    return f"{mean(of_seeds):.3f}{spread}"


def _mean(results: list[list[Result]], value: Callable[[Result], float]) -> float:
    return mean(value(result) for folds in results for result in folds)


def _effort(options: argparse.Namespace) -> Effort:
    effort = QUICK if options.quick else FULL
    return effort if options.seeds is None else replace(effort, num_seeds=options.seeds)


def _read_options(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(
        prog="python -m archsearch.predictor.benchmark",
        description="Cross-validate predictors on NAS-Bench-NLP, or, with --train and --test, have "
        "one learn from a file and guess another.",
    )
    parser.add_argument("--predictor", choices=tuple(KIND_OF), help="one, instead of all")
    parser.add_argument("--seeds", type=_positive, metavar="N", help=f"default {FULL.num_seeds}")
    parser.add_argument(
        "--quick", action="store_true", help="one seed, two folds, the smallest number of cells"
    )
    files = "JSON lines, plain or .gz: recipe and ptb_test_ppl for ranking, val_loss for the others"
    parser.add_argument("--train", type=Path, metavar="FILE", help=files)
    parser.add_argument("--test", type=Path, metavar="FILE", help="the same")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    if (options.train is None) != (options.test is None):
        parser.error("expected --train and --test together")
    if options.train is not None and options.predictor is None:
        parser.error(f"--train: expected --predictor too, one of {', '.join(KIND_OF)}")
    if options.json and options.train is None:
        parser.error("--json: expected --train and --test too")
    return options


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected an integer of at least 1, got {text!r}")
    return int(text)


def _fail(message: str) -> NoReturn:
    sys.stderr.write(f"archsearch: {message}\n")
    raise SystemExit(USAGE)


if __name__ == "__main__":
    main()
