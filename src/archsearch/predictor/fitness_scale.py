"""Fitness as a place in the order: what a predictor learns when ranks are what counts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, rankdata  # type: ignore[import-untyped]

from archsearch.predictor.seam import FloatArray

# Of −ln perplexity: a failed training is worth 2.7 times the worst perplexity that was reached.
FAILED_BELOW = 1.0


@dataclass(frozen=True, slots=True)
class FitnessScale:
    """The map between fitness and van der Waerden's normal scores, learnt from known fitnesses.

    The score of place r among n is the quantile (r − ½) / n of a standard normal distribution, so
    a few failed or very bad cells do not set the scale. A failed training (−∞ or NaN) has the last
    place; on the way back it counts as `FAILED_BELOW` less than the least finite fitness.

    scores: of each known fitness, as it was given, (n,).
    known_scores, known_fitness: the same in rising order, and what fitness each stands for.
    """

    scores: FloatArray
    known_scores: FloatArray
    known_fitness: FloatArray

    @classmethod
    def of(cls, fitness: Sequence[float]) -> "FitnessScale":
        """Raises ValueError for fewer than two, or none finite, or +∞."""
        values = np.array(fitness, dtype=np.float64)
        finite = np.isfinite(values)
        if len(values) < 2 or not finite.any() or np.isposinf(values).any():
            raise ValueError(
                "expected at least two fitnesses, one of them finite and none +∞; got "
                f"{len(values)}, {finite.sum()} of them finite: train more cells first"
            )
        places = rankdata(np.where(finite, values, -np.inf))
        scores = norm.ppf((places - 0.5) / len(values))
        order = np.argsort(scores, kind="stable")
        known = np.where(finite, values, values[finite].min() - FAILED_BELOW)
        return cls(scores, scores[order], known[order])

    def fitness_at(self, scores: FloatArray) -> FloatArray:
        """The fitness of scores, (m,): linear between known ones, and as steep beyond as they are
        in the mean, so that better stays better."""
        least, most = self.known_scores[0], self.known_scores[-1]
        inside = np.clip(scores, least, most)
        rise = self.known_fitness[-1] - self.known_fitness[0]
        slope = rise / (most - least) if most > least else 0.0
        known = np.interp(inside, self.known_scores, self.known_fitness)
        return np.asarray(known + slope * (scores - inside))
