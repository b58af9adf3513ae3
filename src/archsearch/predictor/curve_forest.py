"""A forest on the start of a learning curve: cheap, and good at telling starts apart.

Ours. The trees are asked the same inputs as the Meta-LSTM (`curve_inputs`), and learn from the
curves and from slowed copies of them, which together count as much as the curves themselves.

The trees are extremely randomised (Geurts, Ernst & Wehenkel 2006) and read as a distribution
(Meinshausen, Quantile Regression Forests, 2006): curves that share a leaf with a start are what may
follow, and the guess has the least mean percentage error of the perplexity over them. So a start of
which some took off and others never did is decided for the one or the other, and not put in
between.
"""

from typing import Any, final

import numpy as np
import numpy.typing as npt
import torch
from sklearn.ensemble import ExtraTreesRegressor

from archsearch.predictor.curve_inputs import curve_inputs, slowed
from archsearch.predictor.curves import TablePredictor
from archsearch.predictor.seam import FloatArray

IntArray = npt.NDArray[np.int64]


@final
class Forest:
    """Guesses a change of fitness from inputs.

    Args:
        num_trees, min_leaf: trees, and how many curves a leaf holds at least.

    `state`, plain arrays: all trees lie one after another. Of each node, `feature` and `threshold`
    ask, and `left` and `right` name the nodes where inputs up to and above the threshold go; both
    are −1 for leaves. `roots` are the trees' first nodes. Of each curve learnt from, in rising
    order of what it did: `change`, `weight`, and `leaves`, where it ends in each tree.
    """

    STATE = frozenset(
        ("roots", "feature", "threshold", "left", "right", "change", "weight", "leaves")
    )

    def __init__(self, num_trees: int, min_leaf: int) -> None:
        self._num_trees = num_trees
        self._min_leaf = min_leaf
        self.state: dict[str, Any] = {}

    def fit(self, inputs: FloatArray, change: FloatArray, weight: FloatArray, seed: int) -> None:
        """Learn from inputs (N, F), the change that followed each, (N,), and how much each counts,
        (N,)."""
        order = np.argsort(change, kind="stable")
        inputs, change, weight = inputs[order], change[order], weight[order]
        forest = ExtraTreesRegressor(
            self._num_trees, min_samples_leaf=self._min_leaf, max_features=1.0, random_state=seed
        )
        trees = [tree.tree_ for tree in forest.fit(inputs, change, weight).estimators_]
        roots = np.cumsum([0, *(tree.node_count for tree in trees[:-1])])
        rooted = list(zip(trees, roots, strict=True))
        self.state = {
            "roots": roots,
            "feature": np.concatenate([tree.feature for tree in trees]),
            "threshold": np.concatenate([tree.threshold for tree in trees]),
            "left": np.concatenate([_moved(tree.children_left, root) for tree, root in rooted]),
            "right": np.concatenate([_moved(tree.children_right, root) for tree, root in rooted]),
            "change": change,
            "weight": weight,
        }
        self.state["leaves"] = self._leaves(inputs)

    def predict(self, inputs: FloatArray) -> FloatArray:
        """(N, F) -> (N,)."""
        change, weight = self.state["change"], self.state["weight"]
        likeness = np.zeros((len(inputs), len(change)))
        for known, new in zip(self.state["leaves"].T, self._leaves(inputs).T, strict=True):
            shared = (new[:, None] == known) * weight
            likeness += shared / shared.sum(axis=1, keepdims=True)
        return least_percentage_error(change, likeness)

    def _leaves(self, inputs: FloatArray) -> IntArray:
        """The leaf of each tree that each row comes to, (N, num_trees)."""
        inputs = inputs.astype(np.float32)  # in which the trees learnt
        state = self.state
        place: IntArray = np.tile(state["roots"], (len(inputs), 1))
        while (is_inner := state["left"][place] >= 0).any():
            asked = np.take_along_axis(inputs, np.maximum(state["feature"][place], 0), axis=1)
            goes_left = asked <= state["threshold"][place]
            child = np.where(goes_left, state["left"][place], state["right"][place])
            place = np.where(is_inner, child, place)
        return place


def least_percentage_error(change: FloatArray, likeness: FloatArray) -> FloatArray:
    """The guess with the least mean of |guess − truth| / truth over what may follow.

    Perplexity is proportional to exp(−change): a median, weighted by likeness · exp(change).

    Args:
        change: (M,) in rising order. likeness: (N, M). Gives (N,).
    """
    shares = np.cumsum(likeness * np.exp(change), axis=1)
    middle = (shares >= shares[:, -1:] / 2).argmax(axis=1)
    return np.asarray(change[middle])


def _moved(children: IntArray, root: int) -> IntArray:
    """Numbers of nodes as they are where a tree begins at `root`; −1 stays."""
    return np.where(children < 0, -1, children + root)


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
