"""The measuring and the tables of `python -m archsearch.predictor.benchmark`."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any, Generic

from rich import box
from rich.console import Console
from rich.table import Table

from archsearch.predictor.configured import configured_predictor
from archsearch.predictor.measuring import (
    Measure,
    Predictor,
    Result,
    Row,
    cross_validate,
    measure_on_cells,
    measure_on_curves,
)
from archsearch.predictor.nas_bench_nlp import CELLS as CELLS_FILE
from archsearch.predictor.nas_bench_nlp import data_file, read_cells, read_curves
from archsearch.predictor.seam import ArchitecturePredictor

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


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table: what was measured, and its results by seed and fold."""

    predictor: str
    trained_on: str
    results: list[list[Result]]


def train_and_test(predictor: str, train: Path, test: Path, *, as_json: bool) -> None:
    """Learn from one file, guess another, and print the scores.

    Raises:
        ValueError: a file that is not as expected; the message names it and the line.
    """
    made, kind = _made(predictor)
    rows = kind.read(train)
    result = kind.measure(made, rows, kind.read(test), 1)
    if as_json:
        _print_json(result)
    else:
        _print_table([Line(predictor, f"{len(rows)} {kind.name}", [[result]])], f"tested on {test}")


def cross_validate_all(
    predictors: Sequence[str], num_seeds: int, num_folds: int, num_sizes: int | None
) -> None:
    """Measure the predictors and print the table.

    num_sizes: of the numbers of rows to learn from, the smallest first; None: all.

    Raises:
        ValueError: the data are missing or damaged.
    """
    lines = [line for name in predictors for line in _lines(name, num_seeds, num_folds, num_sizes)]
    seeds = "1 seed" if num_seeds == 1 else f"{num_seeds} seeds"
    _print_table(
        lines,
        f"{num_folds}-fold cross-validation, mean ± standard deviation over {seeds}; "
        "MAPE and median error of perplexities, as fractions; seconds a fold",
    )


def _lines(name: str, num_seeds: int, num_folds: int, num_sizes: int | None) -> Iterator[Line]:
    predictor, kind = _made(name)
    rows = kind.read(data_file(kind.file))
    for size in kind.sizes[:num_sizes]:
        results = [
            list(cross_validate(kind.measure, predictor, rows, seed, num_folds, size))
            for seed in range(1, num_seeds + 1)
        ]
        yield Line(name, f"{size or 'all'} {kind.name}", results)


def _made(name: str) -> tuple[Predictor, Kind[Any]]:
    predictor = configured_predictor(name)
    return predictor, CELLS if isinstance(predictor, ArchitecturePredictor) else CURVES


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
