"""A forest on the start of a learning curve: cheap, and good at telling starts apart.

Ours. The trees are asked the same inputs as the Meta-LSTM (`curve_inputs`), and learn from the
curves and from slowed copies of them, which together count as much as the curves themselves.
"""

from collections.abc import Sequence
from typing import Any, final

import numpy as np
import torch

from archsearch.predictor.curve_inputs import curve_inputs
from archsearch.predictor.curves import NOT_TRAINED, as_table, bounded, check_epochs, check_number
from archsearch.predictor.forest import Forest
from archsearch.predictor.seam import CurvePredictor, FloatArray
from archsearch.predictor.slowing import slowed


@final
class CurveForest(CurvePredictor):
    """Guesses by the `Forest` of how curves with such a start went on.

    Args:
        num_seen, num_epochs: see `CurvePredictor`.
        worst_fitness: what a failed training counts as; nothing is below.
        num_trees, min_leaf: trees, and how many curves, copies included, a leaf holds at least.
        num_copies: slowed copies of each curve.
        slowest: their speed is drawn between this and 1, evenly in its logarithm.
    """

    def __init__(
        self,
        *,
        num_seen: int,
        num_epochs: int,
        worst_fitness: float,
        num_trees: int,
        min_leaf: int,
        num_copies: int,
        slowest: float,
    ) -> None:
        check_epochs(num_seen, num_epochs, worst_fitness)
        self.num_seen = num_seen
        self.num_epochs = num_epochs
        self._worst_fitness = worst_fitness
        self._num_copies = num_copies
        self._slowest = slowest
        self._forest = Forest(num_trees, min_leaf)

    def fit(self, curves: Sequence[Sequence[float]], seed: int) -> None:
        check_number(curves)
        generator = torch.Generator().manual_seed(seed)
        table = torch.from_numpy(as_table(curves, self.num_epochs, self._worst_fitness))
        copies = table.repeat(self._num_copies, 1)
        known = torch.cat([table, slowed(copies, self._slowest, generator)])
        weight = np.ones(len(known))
        weight[len(table) :] /= max(self._num_copies, 1)
        seen = known[:, : self.num_seen]
        change = (known[:, -1] - seen[:, -1]).numpy()
        self._forest.fit(_inputs(seen), change, weight, seed)

    def predict(self, starts: Sequence[Sequence[float]]) -> FloatArray:
        if not self._forest.state:
            raise ValueError(NOT_TRAINED)
        table = as_table(starts, self.num_seen, self._worst_fitness)
        change = self._forest.predict(_inputs(torch.from_numpy(table)))
        return bounded(table[:, -1] + change, table, self._worst_fitness)

    def state(self) -> dict[str, Any]:
        return self._forest.state

    def restore(self, state: dict[str, Any]) -> None:
        if state.keys() != Forest.STATE:
            raise ValueError(
                f"state of a CurveForest: expected {', '.join(sorted(Forest.STATE))}, "
                f"got {', '.join(sorted(state)) or 'none'}"
            )
        self._forest.state = state


def _inputs(starts: torch.Tensor) -> FloatArray:
    """(N, num_seen) -> (N, num_seen · NUM_INPUTS)."""
    inputs: FloatArray = curve_inputs(starts).flatten(1).numpy()
    return inputs
