"""Random search: the baseline that every strategy must beat.

It stands for the least that a strategy is: `draft`, `tell`, and a file in conf/search.
"""

import random
from typing import Any

from archsearch.archive.records import Origin, Trial
from archsearch.search.protocol import Draft, DraftingStrategy
from archsearch.space import CellSpace
from archsearch.space.parameters import require


class RandomSearch(DraftingStrategy[Any]):
    """Independent draws from the space; a cell comes twice only after `max_attempts` repeats."""

    learns = False

    def __init__(
        self, space: CellSpace[Any], rng: random.Random, *, max_attempts: int = 100
    ) -> None:
        require("max_attempts", max_attempts, 1, float("inf"), integer=True)
        super().__init__(space)
        self._rng = rng
        self._max_attempts = max_attempts

    def draft(self) -> Draft[Any]:
        return self._planted() or self._unproposed(self._draw, self._max_attempts)

    def _draw(self) -> Draft[Any]:
        genome = self.space.sample(self._rng)
        return Draft(genome, self.space.decode(genome), Origin("random"))

    def tell(self, trial: Trial) -> None:
        """Nothing to learn: draws do not depend on results."""
