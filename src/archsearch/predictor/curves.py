"""What all predictors of curves share: curves of whatever length as one array without gaps."""

import math
from abc import abstractmethod
from collections.abc import Collection, Sequence

import numpy as np

from archsearch.predictor.seam import CurvePredictor, FloatArray

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


class TablePredictor(CurvePredictor):
    """A predictor that reads curves as a table without gaps (`as_table`).

    Args:
        num_seen, num_epochs: see `CurvePredictor`.
        worst_fitness: what a failed training counts as; nothing is below.
    """

    def __init__(self, num_seen: int, num_epochs: int, worst_fitness: float) -> None:
        if num_seen < 1:
            raise ValueError(f"num_seen: expected 1 or more, got {num_seen}")
        if num_epochs <= num_seen:
            raise ValueError(
                f"num_epochs: expected more than num_seen={num_seen}, the epochs that a guess is "
                f"made from, got {num_epochs}"
            )
        if not math.isfinite(worst_fitness):
            raise ValueError(f"worst_fitness: expected a finite number, got {worst_fitness}")
        self.num_seen = num_seen
        self.num_epochs = num_epochs
        self._worst_fitness = worst_fitness

    def fit(self, curves: Sequence[Sequence[float]], seed: int) -> None:
        if len(curves) < MIN_CURVES:
            raise ValueError(
                f"curves: expected {MIN_CURVES} or more to learn from, got {len(curves)}"
            )
        self._learn(as_table(curves, self.num_epochs, self._worst_fitness), seed)

    def predict(self, starts: Sequence[Sequence[float]]) -> FloatArray:
        if not self._knows_something:
            raise ValueError(NOT_TRAINED)
        table = as_table(starts, self.num_seen, self._worst_fitness)
        guesses = np.maximum(self._guess(table), self._worst_fitness)
        has_failed = table[:, -1] <= self._worst_fitness
        return np.where(has_failed, self._worst_fitness, guesses)

    @abstractmethod
    def _learn(self, curves: FloatArray, seed: int) -> None:
        """From whole curves, (N, num_epochs)."""

    @abstractmethod
    def _guess(self, starts: FloatArray) -> FloatArray:
        """(N, num_seen) -> (N,)."""

    @property
    def _knows_something(self) -> bool:
        return bool(self.state())

    def _check_names(self, state: Collection[str], expected: Collection[str]) -> None:
        """ValueError unless a state that is to be restored has what is expected."""
        if set(state) != set(expected):
            raise ValueError(
                f"state of a {type(self).__name__}: expected {_listed(expected)}, got "
                f"{_listed(state)}"
            )


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(names)) or "none"
