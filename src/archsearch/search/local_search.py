"""Local search: climb from the best of a few random architectures, and start again at the top.

White, Nolen, Savani, Exploring the Loss Landscape in Neural Architecture Search (2021), section 3:
evaluate the neighbours of an architecture one by one, move to the first that is better, stop where
none is.

What the paper leaves open, as decided here: a neighbour is one mutation of the space away. There
are too many to try them all, so a climb ends after `num_neighbours` of one centre that were not
better than it, and the next climb begins with new random architectures; whatever of the ended climb
is still in flight then is archived, but moves nothing. Nothing is waited for: while the first of a
climb are evaluated, neighbours of the best of those told are proposed, and as long as there is none
a further random architecture. So several neighbours are in flight at once; one of a centre that was
left meanwhile may still become the centre, if it is better than the present one. Failed trials have
fitness −∞ and are never better.
"""

import math
import random
from collections.abc import Mapping, Sequence
from typing import Any

from archsearch.archive.records import Origin, Trial
from archsearch.search.protocol import Draft, DraftingStrategy, Round
from archsearch.space import CellSpace
from archsearch.space.parameters import require


class LocalSearch(DraftingStrategy[Any]):
    """Climbs by single mutations, on any space.

    num_initial: random architectures, or planted ones, at the beginning of a climb.
    num_neighbours: tried in vain before a climb ends.
    max_attempts: neighbours drawn before one that was proposed already is accepted.
    """

    def __init__(
        self,
        space: CellSpace[Any],
        rng: random.Random,
        *,
        num_initial: int = 10,
        num_neighbours: int = 20,
        max_attempts: int = 10,
    ) -> None:
        require("num_initial", num_initial, 1, math.inf, integer=True)
        require("num_neighbours", num_neighbours, 1, math.inf, integer=True)
        require("max_attempts", max_attempts, 1, math.inf, integer=True)
        super().__init__(space)
        self._rng = rng
        self._num_initial = num_initial
        self._num_neighbours = num_neighbours
        self._max_attempts = max_attempts
        self._climb = 0
        self._num_to_draw = num_initial  # of this climb's first architectures
        self._centre: Trial | None = None  # the best of this climb
        self._num_in_vain = 0  # neighbours of the centre

    def draft(self) -> Draft[Any]:
        planted = self._planted(climb=self._climb)
        return planted or self._unproposed(self._draw, self._max_attempts)

    def _draw(self) -> Draft[Any]:
        details = {"climb": self._climb}
        if self._num_to_draw > 0 or self._centre is None:
            genome, origin = self.space.sample(self._rng), Origin("random", details=details)
        else:
            centre = self._centre.candidate
            genome = self.space.mutate(self.space.from_json(centre.genome), self._rng)
            origin = Origin("mutation", (centre.number,), details)
        return Draft(genome, self.space.decode(genome), origin)

    def commit(self, number: int, draft: Draft[Any]) -> None:  # noqa: ARG002
        self._num_to_draw -= 1

    def tell(self, trial: Trial) -> None:
        origin = trial.candidate.origin
        if origin.details["climb"] != self._climb:
            return
        if self._centre is None or trial.fitness > self._centre.fitness:
            self._centre, self._num_in_vain = trial, 0
        elif self._centre.candidate.number in origin.parents:
            self._num_in_vain += 1
        if self._num_in_vain == self._num_neighbours:
            self._restart()

    def _restart(self) -> None:
        self._climb += 1
        self._num_to_draw = self._num_initial
        self._centre, self._num_in_vain = None, 0

    def rounds(self) -> Sequence[Round]:
        until = "all trials are drawn at random"
        return [Round("the start of the first climb", self._num_initial, until, once=True)]

    def status(self) -> Mapping[str, int | float | str]:
        return {"climb": self._climb, "in_vain": self._num_in_vain}
