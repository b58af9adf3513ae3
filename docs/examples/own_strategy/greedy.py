"""A strategy of one's own: one mutation of the best so far, or now and then a fresh draw."""

import random
from typing import Any

from archsearch.archive import Origin, Trial
from archsearch.search import Draft, DraftingStrategy
from archsearch.space import CellSpace


class Greedy(DraftingStrategy[Any]):
    """Works on any cell space.

    fresh_rate: the chance that an architecture is drawn afresh.
    """

    def __init__(
        self, space: CellSpace[Any], rng: random.Random, *, fresh_rate: float = 0.2
    ) -> None:
        super().__init__(space)
        self._rng = rng
        self._fresh_rate = fresh_rate
        self._in_flight: dict[int, Any] = {}  # genomes by number
        self._best: tuple[Trial, Any] | None = None  # with its genome

    def draft(self) -> Draft[Any]:
        """What could come next: planted genomes first, then what was not proposed yet."""
        return self._planted() or self._unproposed(self._draw, max_attempts=10)

    def _draw(self) -> Draft[Any]:
        if self._best is None or self._rng.random() < self._fresh_rate:
            genome, origin = self.space.sample(self._rng), Origin("random")
        else:
            best, genome = self._best
            genome = self.space.mutate(genome, self._rng)
            origin = Origin("mutation", (best.candidate.number,))
        return Draft(genome, self.space.decode(genome), origin)

    def commit(self, number: int, draft: Draft[Any]) -> None:
        """The draft became candidate `number`."""
        self._in_flight[number] = draft.genome

    def tell(self, trial: Trial) -> None:
        """A failed trial has fitness −∞, so it is never better."""
        genome = self._in_flight.pop(trial.candidate.number)
        if trial.fitness > (self._best[0].fitness if self._best else float("-inf")):
            self._best = trial, genome
