"""How well a predictor guesses, and how long it takes: trained on some rows, tested on others."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from archsearch.predictor.nas_bench_nlp import MeasuredCell, MeasuredCurve
from archsearch.predictor.scores import Scores, score
from archsearch.predictor.seam import ArchitecturePredictor, CurvePredictor, FloatArray

Predictor = ArchitecturePredictor | CurvePredictor
Row = TypeVar("Row", MeasuredCell, MeasuredCurve)


@dataclass(frozen=True, slots=True)
class Result:
    """The scores on the test rows, and the seconds that learning and guessing took."""

    scores: Scores
    fit_seconds: float
    predict_seconds: float


# A predictor, rows to train on, rows to test on, a seed.
Measure = Callable[[Any, Sequence[Row], Sequence[Row], int], Result]


def measure_on_cells(
    predictor: ArchitecturePredictor,
    train: Sequence[MeasuredCell],
    test: Sequence[MeasuredCell],
    seed: int,
) -> Result:
    """Raises ValueError for rows that it cannot learn from."""
    return _result(
        lambda: predictor.fit([row.cell for row in train], [row.fitness for row in train], seed),
        lambda: predictor.predict([row.cell for row in test]),
        np.array([row.fitness for row in test]),
    )


def measure_on_curves(
    predictor: CurvePredictor,
    train: Sequence[MeasuredCurve],
    test: Sequence[MeasuredCurve],
    seed: int,
) -> Result:
    """Raises ValueError for rows that it cannot learn from."""
    return _result(
        lambda: predictor.fit([row.curve for row in train], seed),
        lambda: predictor.predict([row.curve[: predictor.num_seen] for row in test]),
        np.array([row.fitness_at(predictor.num_epochs) for row in test]),
    )


def _result(fit: Callable[[], None], predict: Callable[[], FloatArray], true: FloatArray) -> Result:
    begin = time.perf_counter()
    fit()
    fitted = time.perf_counter()
    guessed = predict()
    end = time.perf_counter()
    return Result(score(guessed, true), fitted - begin, end - fitted)


def cross_validate(
    measure: Measure[Row],
    predictor: Predictor,
    rows: Sequence[Row],
    seed: int,
    num_folds: int,
    num_train: int | None,
) -> Iterator[Result]:
    """One result a fold. `num_train` rows of its training part are drawn to learn from, or all."""
    for train, test in folds([row.group for row in rows], num_folds, seed):
        if num_train is not None and num_train < len(train):
            train = random.Random(f"{num_train} rows {seed}").sample(train, num_train)
        yield measure(predictor, [rows[i] for i in train], [rows[i] for i in test], seed)


def folds(
    groups: Sequence[str], num_folds: int, seed: int
) -> Iterator[tuple[list[int], list[int]]]:
    """Pairs of training and test rows; every row is in one test part, groups stay together.

    Groups are dealt out in random order, so the parts are about equal in groups, not in rows.

    Raises:
        ValueError: fewer groups than folds.
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
