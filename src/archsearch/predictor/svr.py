"""ν-support vector regression on the start of a learning curve.

Baker, Gupta, Raskar & Naik, Practical neural network performance prediction for early stopping
(2017): the inputs are the values seen, their first and their second differences; the
hyperparameters are chosen by cross-validation on the training curves.

What the paper leaves open, as decided here: inputs and target are standardised; a grid takes the
place of the paper's random draws of hyperparameters. The paper's other inputs, such as the number
of weights, are no part of a curve and left out.
"""

from typing import Any, final

import numpy as np
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.svm import NuSVR

from archsearch.predictor.curves import TablePredictor
from archsearch.predictor.seam import FloatArray


@final
class SVR(TablePredictor):
    """ν-SVR with a Gaussian kernel exp(−γ |a − b|²).

    Args:
        num_seen, num_epochs, worst_fitness: see `TablePredictor`.
        c, nu, gamma: values to choose from by cross-validation: the price of an error, the share of
            the curves that become support vectors, and γ times the number of inputs.
        num_folds: of the cross-validation.
    """

    def __init__(
        self,
        *,
        num_seen: int,
        num_epochs: int,
        worst_fitness: float,
        c: list[float],
        nu: list[float],
        gamma: list[float],
        num_folds: int,
    ) -> None:
        super().__init__(num_seen, num_epochs, worst_fitness)
        num_inputs = _inputs(np.zeros((1, num_seen))).shape[1]
        self._grid = {"C": c, "nu": nu, "gamma": [value / num_inputs for value in gamma]}
        self._num_folds = num_folds
        self._learnt: dict[str, FloatArray] = {}

    def _learn(self, curves: FloatArray, seed: int) -> None:
        inputs, target = _inputs(curves[:, : self.num_seen]), curves[:, -1]
        # Where all curves agree the spread is 0, and any scale will do.
        center, scale = inputs.mean(axis=0), inputs.std(axis=0) + 1e-9
        mean, spread = target.mean(), target.std() + 1e-9
        folds = KFold(self._num_folds, shuffle=True, random_state=seed)
        search = GridSearchCV(NuSVR(), self._grid, scoring="neg_mean_absolute_error", cv=folds)
        best = search.fit((inputs - center) / scale, (target - mean) / spread).best_estimator_
        self._learnt = {
            "center": center,
            "scale": scale,
            "support": best.support_vectors_,
            "weights": best.dual_coef_[0] * spread,
            "offset": best.intercept_ * spread + mean,
            "gamma": np.array([best.gamma]),
        }

    def _guess(self, starts: FloatArray) -> FloatArray:
        known = self._learnt
        inputs = (_inputs(starts) - known["center"]) / known["scale"]
        distances = ((inputs[:, None] - known["support"]) ** 2).sum(axis=2)
        guesses: FloatArray = np.exp(-known["gamma"] * distances) @ known["weights"]
        return guesses + known["offset"]

    def state(self) -> dict[str, Any]:
        return self._learnt

    def restore(self, state: dict[str, Any]) -> None:
        self._check_names(state, ("center", "scale", "support", "weights", "offset", "gamma"))
        self._learnt = state


def _inputs(starts: FloatArray) -> FloatArray:
    """Values, first and second differences: (N, num_seen) -> (N, num_seen + … + num_seen − 2)."""
    differences = [np.diff(starts, order) for order in range(min(3, starts.shape[1]))]
    return np.concatenate(differences, axis=1)
