"""How good guesses are: rank correlations and relative errors."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import kendalltau, spearmanr

from archsearch.predictor.curves import WORST_FITNESS
from archsearch.predictor.seam import FloatArray


@dataclass(frozen=True, slots=True)
class Scores:
    """spearman, kendall (τ-b): rank correlations; 0 where one side is all the same.
    mape, median: mean and median of |guess − truth| / truth, of perplexities, as fractions."""

    spearman: float
    kendall: float
    mape: float
    median: float


def score(guesses: FloatArray, truths: FloatArray) -> Scores:
    """Scores of guessed against true fitness, −ln perplexity; both (N,), N at least 2."""
    guessed, true = capped_perplexity(guesses), capped_perplexity(truths)
    errors = np.abs(guessed - true) / true
    varied = np.ptp(guessed) > 0 and np.ptp(true) > 0
    return Scores(
        spearman=float(spearmanr(guessed, true).statistic) if varied else 0.0,
        kendall=float(kendalltau(guessed, true).statistic) if varied else 0.0,
        mape=float(errors.mean()),
        median=float(np.median(errors)),
    )


def capped_perplexity(fitness: FloatArray) -> FloatArray:
    """exp(−fitness), at most 10,000."""
    return np.asarray(np.exp(-np.maximum(fitness, WORST_FITNESS)))
