"""The measuring and the tables of `python -m archsearch.predictor.benchmark`.

A predictor is trained on some rows and tested on others: how well it guesses, and how long
it takes.
"""

import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from archsearch.predictor.configured import configured_predictor
from archsearch.predictor.nas_bench_nlp import (
    CELLS,
    CURVES,
    MeasuredCell,
    MeasuredCurve,
    data_file,
    read_cells,
    read_curves,
)
from archsearch.predictor.scores import Scores, score
from archsearch.predictor.seam import ArchitecturePredictor, CurvePredictor, FloatArray

FILE_WIDTH = 120  # of a table that goes into a file or a pipe, in columns
CELL_SIZES = (100, 400, None)  # numbers of cells to learn from; None is all

Predictor = ArchitecturePredictor | CurvePredictor
Rows = Sequence[MeasuredCell] | Sequence[MeasuredCurve]


@dataclass(frozen=True, slots=True)
class Result:
    """The scores on the test rows, and the seconds that learning and guessing took."""

    scores: Scores
    fit_seconds: float
    predict_seconds: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table: what was measured, and its results by seed and fold."""

    predictor: str
    trained_on: str
    results: list[list[Result]]


def train_and_test(name: str, train: Path, test: Path, *, as_json: bool) -> None:
    """Learn from one file, guess another, and print the scores."""
    predictor = configured_predictor(name)
    rows = _read(predictor, train)
    result = _measure(predictor, rows, _read(predictor, test), 1)
    if as_json:
        _print_json(result)
    else:
        trained_on = f"{len(rows)} {_kind(predictor)}"
        _print_table([Line(name, trained_on, [[result]])], f"tested on {test}")


def cross_validate_all(
    predictors: Sequence[str], num_seeds: int, num_folds: int, num_sizes: int | None
) -> None:
    """Measure the predictors and print the table.

    num_sizes: of the numbers of rows to learn from, the smallest first; None: all.
    """
    lines = [line for name in predictors for line in _lines(name, num_seeds, num_folds, num_sizes)]
    seeds = "1 seed" if num_seeds == 1 else f"{num_seeds} seeds"
    _print_table(
        lines,
        f"{num_folds}-fold cross-validation, mean ± standard deviation over {seeds}; "
        "MAPE and median error of perplexities, as fractions; seconds a fold",
    )


def _lines(name: str, num_seeds: int, num_folds: int, num_sizes: int | None) -> Iterator[Line]:
    predictor = configured_predictor(name)
    of_cells = isinstance(predictor, ArchitecturePredictor)
    rows = _read(predictor, data_file(CELLS if of_cells else CURVES))
    for size in (CELL_SIZES if of_cells else (None,))[:num_sizes]:
        results = [
            list(_cross_validated(predictor, rows, seed, num_folds, size))
            for seed in range(1, num_seeds + 1)
        ]
        yield Line(name, f"{size or 'all'} {_kind(predictor)}", results)


# --- measuring ---


def _kind(predictor: Predictor) -> str:
    """What it learns from, in a word."""
    return "cells" if isinstance(predictor, ArchitecturePredictor) else "curves"


def _read(predictor: Predictor, path: Path) -> Rows:
    if isinstance(predictor, ArchitecturePredictor):
        return read_cells(path)
    return read_curves(path)


def _measure(predictor: Predictor, train: Any, test: Any, seed: int) -> Result:
    """Raises ValueError for rows that it cannot learn from."""
    if isinstance(predictor, ArchitecturePredictor):
        return _timed(
            lambda: predictor.fit([r.cell for r in train], [r.fitness for r in train], seed),
            lambda: predictor.predict([row.cell for row in test]),
            np.array([row.fitness for row in test]),
        )
    return _timed(
        lambda: predictor.fit([row.curve for row in train], seed),
        lambda: predictor.predict([row.curve[: predictor.num_seen] for row in test]),
        np.array([row.fitness_at(predictor.num_epochs) for row in test]),
    )


def _timed(fit: Callable[[], None], predict: Callable[[], FloatArray], true: FloatArray) -> Result:
    begin = time.perf_counter()
    fit()
    fitted = time.perf_counter()
    guessed = predict()
    end = time.perf_counter()
    return Result(score(guessed, true), fitted - begin, end - fitted)


def _cross_validated(
    predictor: Predictor, rows: Rows, seed: int, num_folds: int, num_train: int | None
) -> Iterator[Result]:
    """One result a fold. `num_train` rows of its training part are drawn to learn from, or all."""
    for train, test in folds([row.group for row in rows], num_folds, seed):
        if num_train is not None and num_train < len(train):
            train = random.Random(f"{num_train} rows {seed}").sample(train, num_train)
        yield _measure(predictor, [rows[i] for i in train], [rows[i] for i in test], seed)


def folds(
    groups: Sequence[str], num_folds: int, seed: int
) -> Iterator[tuple[list[int], list[int]]]:
    """Pairs of training and test rows; every row is in one test part, groups stay together.

    Groups are dealt out in random order, so the parts are about equal in groups, not in rows.
    """
    names = sorted(set(groups))
    if len(names) < num_folds:
        raise ValueError(f"expected {num_folds} different cells or more, got {len(names)}")
    random.Random(f"folds {seed}").shuffle(names)
    fold_of = {name: index % num_folds for index, name in enumerate(names)}
    for fold in range(num_folds):
        train = [row for row, group in enumerate(groups) if fold_of[group] != fold]
        test = [row for row, group in enumerate(groups) if fold_of[group] == fold]
        yield train, test


# --- printing ---


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
