"""A forest on the start of a learning curve: cheap, and good at telling starts apart.

Ours. The trees are asked the same inputs as the Meta-LSTM (`curve_inputs`), and learn from the
curves and from slowed copies of them, which together count as much as the curves themselves.
"""

from typing import Any, final

import numpy as np
import torch

from archsearch.predictor.curve_inputs import curve_inputs, slowed
from archsearch.predictor.curves import TablePredictor
from archsearch.predictor.forest import Forest
from archsearch.predictor.seam import FloatArray


@final
class CurveForest(TablePredictor):
    """Guesses by the `Forest` of how curves with such a start went on.

    Args:
        num_seen, num_epochs, worst_fitness: see `TablePredictor`.
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
        super().__init__(num_seen, num_epochs, worst_fitness)
        self._num_copies = num_copies
        self._slowest = slowest
        self._forest = Forest(num_trees, min_leaf)

    def _learn(self, curves: FloatArray, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        table = torch.from_numpy(curves)
        copies = table.repeat(self._num_copies, 1)
        known = torch.cat([table, slowed(copies, self._slowest, generator)])
        weight = np.ones(len(known))
        weight[len(table) :] /= max(self._num_copies, 1)
        seen = known[:, : self.num_seen]
        change = (known[:, -1] - seen[:, -1]).numpy()
        self._forest.fit(_inputs(seen), change, weight, seed)

    def _guess(self, starts: FloatArray) -> FloatArray:
        change = self._forest.predict(_inputs(torch.from_numpy(starts)))
        return np.asarray(starts[:, -1] + change)

    def state(self) -> dict[str, Any]:
        return self._forest.state

    def restore(self, state: dict[str, Any]) -> None:
        self._check_names(state, Forest.STATE)
        self._forest.state = state


def _inputs(starts: torch.Tensor) -> FloatArray:
    """(N, num_seen) -> (N, num_seen · NUM_INPUTS)."""
    inputs: FloatArray = curve_inputs(starts).flatten(1).numpy()
    return inputs
