"""The plainest guess: the fitness stays what it was in the last epoch seen."""

from collections.abc import Sequence
from typing import Any, final

import numpy as np

from archsearch.predictor.curves import TablePredictor
from archsearch.predictor.seam import FloatArray


@final
class LastValue(TablePredictor):
    """Has nothing to learn; the rival that every other must beat."""

    _knows_something = True

    def fit(self, curves: Sequence[Sequence[float]], seed: int) -> None:
        """Nothing is learnt, so any number of curves will do."""

    def _learn(self, curves: FloatArray, seed: int) -> None:
        """Nothing."""

    def _guess(self, starts: FloatArray) -> FloatArray:
        return np.asarray(starts[:, -1])

    def state(self) -> dict[str, Any]:
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        self._check_names(state, ())
