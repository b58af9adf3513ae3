"""Random search: the baseline that every strategy must beat.

It stands for the least that a strategy is: `ask`, `tell`, and a file in conf/search.
"""

import random
from typing import Any

from archsearch.archive.records import Origin, Trial
from archsearch.search.protocol import Proposal, Strategy
from archsearch.space import CellSpace
from archsearch.space.parameters import require


class RandomSearch(Strategy):
    """Independent draws from the space; a cell comes twice only after `max_attempts` repeats."""

    def __init__(
        self, space: CellSpace[Any], rng: random.Random, *, max_attempts: int = 100
    ) -> None:
        require("max_attempts", max_attempts, 1, float("inf"), integer=True)
        self._space = space
        self._rng = rng
        self._max_attempts = max_attempts
        self._proposed_keys: set[str] = set()

    def ask(self, number: int) -> Proposal:  # noqa: ARG002  (draws do not depend on it)
        for _ in range(self._max_attempts):
            genome = self._space.sample(self._rng)
            cell = self._space.decode(genome)
            if cell.key not in self._proposed_keys:
                break
        self._proposed_keys.add(cell.key)
        return Proposal(cell, self._space.to_json(genome), Origin("random"))

    def tell(self, trial: Trial) -> None:
        """Nothing to learn: draws do not depend on results."""
