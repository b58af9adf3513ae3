"""The plainest guess: the fitness stays what it was in the last epoch seen."""

from collections.abc import Sequence
from typing import Any, final

from archsearch.predictor.curves import as_table, check_epochs
from archsearch.predictor.seam import CurvePredictor, FloatArray


@final
class LastValue(CurvePredictor):
    """Has nothing to learn; the rival that every other must beat.

    Args:
        num_seen, num_epochs: see `CurvePredictor`.
        worst_fitness: what a failed training counts as; nothing is below.
    """

    def __init__(self, *, num_seen: int, num_epochs: int, worst_fitness: float) -> None:
        check_epochs(num_seen, num_epochs, worst_fitness)
        self.num_seen = num_seen
        self.num_epochs = num_epochs
        self._worst_fitness = worst_fitness

    def fit(self, curves: Sequence[Sequence[float]], seed: int) -> None:
        """Nothing is learnt, so any number of curves will do."""

    def predict(self, starts: Sequence[Sequence[float]]) -> FloatArray:
        last: FloatArray = as_table(starts, self.num_seen, self._worst_fitness)[:, -1]
        return last

    def state(self) -> dict[str, Any]:
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        if state:
            raise ValueError(f"state of a LastValue: expected none, got {', '.join(sorted(state))}")
