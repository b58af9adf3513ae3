"""The seam between predictors and what uses them: strategies and the evaluator.

All values are fitness, so higher is better; for a perplexity that is −ln of it, and a difference of
0.05 is an error of 5%. A failed training is −∞ (or NaN in a curve): an example like any other.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from archsearch.cell import Cell

FloatArray = npt.NDArray[np.float64]


def readable_cell(architecture: object) -> Cell:
    """The architecture as what an `ArchitecturePredictor` reads; ValueError where it is no cell."""
    if not isinstance(architecture, Cell):
        raise ValueError(
            f"expected a space of cells (cell_space=dsl_core, gp_tree, …), got one of "
            f"{type(architecture).__name__}s: predictors of architectures read cells alone"
        )
    return architecture


class ArchitecturePredictor(ABC):
    """Guesses the fitness of cells that were never trained."""

    @abstractmethod
    def fit(self, cells: Sequence[Cell], fitness: Sequence[float], seed: int) -> None:
        """Learn from pairs, from scratch: what was learnt before is forgotten.

        All that is random comes from `seed`: equal calls learn the same, in whatever process.
        ValueError for fewer than two pairs, or no finite fitness among them.
        """

    @abstractmethod
    def predict(self, cells: Sequence[Cell]) -> FloatArray:
        """A guess for each cell, finite, (len(cells),)."""


class CurvePredictor(ABC):
    """Guesses the fitness at the end of a training from its first epochs.

    A curve is the fitness after each epoch. One that ends early, or holds −∞ or NaN, is of a
    training that failed there.
    """

    num_seen: int  # epochs that a guess is made from
    num_epochs: int  # the epoch whose fitness is guessed, counted from 1

    @abstractmethod
    def fit(self, curves: Sequence[Sequence[float]], seed: int) -> None:
        """Learn from whole curves, from scratch; draws come from `seed` alone.
        ValueError for too few."""

    @abstractmethod
    def predict(self, starts: Sequence[Sequence[float]]) -> FloatArray:
        """A guess for each start of a curve, finite, (len(starts),). What lies after the first
        `num_seen` epochs is not looked at."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """What was learnt, as NumPy arrays by name, for a file."""

    @abstractmethod
    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` gave, instead of a call to `fit`."""
