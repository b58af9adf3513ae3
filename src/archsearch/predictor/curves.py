"""What all predictors of curves share: curves of whatever length as one array without gaps."""

import math
from collections.abc import Sequence

import numpy as np

from archsearch.predictor.seam import FloatArray

WORST_PERPLEXITY = 10_000.0  # what a failed training counts as, unless a task knows better
WORST_FITNESS = -math.log(WORST_PERPLEXITY)
MIN_CURVES = 5  # nothing is learnt from fewer

NOT_TRAINED = (
    "this predictor has learnt nothing yet: train it with python -m archsearch.predictor.train, "
    "and name the file that this writes by predictor=trained predictor.file=…"
)


def as_table(
    curves: Sequence[Sequence[float]], num_epochs: int, worst_fitness: float
) -> FloatArray:
    """The first `num_epochs` epochs of each curve, (len(curves), num_epochs), all finite.

    A curve that ends early, or holds −∞ or NaN, has failed there: from then on its fitness is
    `worst_fitness`, and nothing is below that.
    """
    table = np.full((len(curves), num_epochs), worst_fitness)
    for row, curve in zip(table, curves, strict=True):
        values = np.asarray(curve[:num_epochs], dtype=np.float64)
        is_finite = np.isfinite(values)
        num_good = len(values) if is_finite.all() else int(is_finite.argmin())
        row[:num_good] = np.maximum(values[:num_good], worst_fitness)
    return table


def bounded(guesses: FloatArray, starts: FloatArray, worst_fitness: float) -> FloatArray:
    """The guesses, none below `worst_fitness`, and just that where a start, a row of `as_table`,
    has failed already."""
    has_failed = starts[:, -1] <= worst_fitness
    return np.where(has_failed, worst_fitness, np.maximum(guesses, worst_fitness))


def check_epochs(num_seen: int, num_epochs: int, worst_fitness: float) -> None:
    """ValueError unless a guess can be made from `num_seen` epochs for epoch `num_epochs`."""
    if num_seen < 1:
        raise ValueError(f"num_seen: expected 1 or more, got {num_seen}")
    if num_epochs <= num_seen:
        raise ValueError(
            f"num_epochs: expected more than num_seen={num_seen}, the epochs that a guess is made "
            f"from, got {num_epochs}"
        )
    if not math.isfinite(worst_fitness):
        raise ValueError(f"worst_fitness: expected a finite number, got {worst_fitness}")


def check_number(curves: Sequence[Sequence[float]]) -> None:
    """ValueError unless there are enough curves to learn from."""
    if len(curves) < MIN_CURVES:
        raise ValueError(f"curves: expected {MIN_CURVES} or more to learn from, got {len(curves)}")
