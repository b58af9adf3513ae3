"""Random search: the baseline that every strategy must beat.

It stands for the least that a strategy is: `draft`, `commit`, `tell`, and a file in conf/search.
"""

import random
from typing import Any

from archsearch.archive.records import Origin, Trial
from archsearch.search.protocol import Draft, DraftingStrategy
from archsearch.space import CellSpace
from archsearch.space.parameters import require


class RandomSearch(DraftingStrategy[Any]):
    """Independent draws from the space; a cell comes twice only after `max_attempts` repeats."""

    def __init__(
        self, space: CellSpace[Any], rng: random.Random, *, max_attempts: int = 100
    ) -> None:
        require("max_attempts", max_attempts, 1, float("inf"), integer=True)
        super().__init__(space)
        self._rng = rng
        self._max_attempts = max_attempts
        self._proposed_keys: set[str] = set()

    def draft(self) -> Draft[Any]:
        if self._seeds:
            genome = self._seeds.popleft()
            return Draft(genome, self.space.decode(genome), Origin("warm start"))
        for _ in range(self._max_attempts):
            genome = self.space.sample(self._rng)
            architecture = self.space.decode(genome)
            if architecture.key not in self._proposed_keys:
                break
        return Draft(genome, architecture, Origin("random"))

    def commit(self, number: int, draft: Draft[Any]) -> None:  # noqa: ARG002
        self._proposed_keys.add(draft.architecture.key)

    def tell(self, trial: Trial) -> None:
        """Nothing to learn: draws do not depend on results."""
