"""What a benchmark of predictors measures, and how much of it."""

from dataclasses import dataclass

# What each predictor reads.
KIND_OF = {
    "ranking": "cells",
    "last_value": "curves",
    "svr": "curves",
    "curve_forest": "curves",
    "meta_lstm": "curves",
}


@dataclass(frozen=True, slots=True)
class Effort:
    """How much to measure. num_sizes: of the kind's sizes, the smallest first."""

    num_seeds: int
    num_folds: int
    num_sizes: int | None
