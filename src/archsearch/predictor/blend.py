"""Two predictors of curves whose guesses are averaged: their errors differ, so some cancel out."""

from collections.abc import Sequence
from typing import Any, final

from archsearch.predictor.seam import CurvePredictor, FloatArray


@final
class Blend(CurvePredictor):
    """(1 − share) · first + share · second.

    Args:
        num_seen, num_epochs: see `CurvePredictor`; those of both parts.
        first, second: the parts, which learn from the same curves.
        share: of the second, from 0 to 1.
    """

    def __init__(
        self,
        *,
        num_seen: int,
        num_epochs: int,
        first: CurvePredictor,
        second: CurvePredictor,
        share: float,
    ) -> None:
        for part in (first, second):
            if (part.num_seen, part.num_epochs) != (num_seen, num_epochs):
                raise ValueError(
                    f"{type(part).__name__}: expected num_seen={num_seen} and "
                    f"num_epochs={num_epochs}, got {part.num_seen} and {part.num_epochs}"
                )
        if not 0 <= share <= 1:
            raise ValueError(f"share: expected a number between 0 and 1, got {share}")
        self.num_seen = num_seen
        self.num_epochs = num_epochs
        self._parts = {"first": first, "second": second}
        self._share = share

    def fit(self, curves: Sequence[Sequence[float]], seed: int) -> None:
        for part in self._parts.values():
            part.fit(curves, seed)

    def predict(self, starts: Sequence[Sequence[float]]) -> FloatArray:
        first, second = (part.predict(starts) for part in self._parts.values())
        return (1 - self._share) * first + self._share * second

    def state(self) -> dict[str, Any]:
        return {
            f"{name}.{key}": value
            for name, part in self._parts.items()
            for key, value in part.state().items()
        }

    def restore(self, state: dict[str, Any]) -> None:
        for name, part in self._parts.items():
            prefix = f"{name}."
            part.restore(
                {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
            )
