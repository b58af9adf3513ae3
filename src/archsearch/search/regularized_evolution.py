"""Regularized evolution: a population in which the oldest dies, however good it is.

Real, Aggarwal, Huang, Le, Regularized Evolution for Image Classifier Architecture Search (2019),
algorithm 1:

1. The population begins with P random architectures.
2. Of S of them, drawn with replacement, the best becomes the parent.
3. Its child is the parent after one mutation. Once evaluated it joins the population, and the
   oldest of the population leaves it.

What the paper leaves open, as decided here: the age of an architecture counts from when its trial
was told. Nothing is ever waited for: parents are drawn from those told so far, and as long as there
is none a further random architecture is proposed. A failed trial joins like any other, with fitness
−∞, so that it is parent only where all of its sample have failed. A child that was proposed before
is drawn again, parent and all.
"""

import math
import random
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from archsearch.archive.records import Origin, Trial
from archsearch.search.protocol import Draft, DraftingStrategy, Round
from archsearch.space import CellSpace
from archsearch.space.parameters import require


class RegularizedEvolution(DraftingStrategy[Any]):
    """Tournaments in an ageing population, on any space; the defaults are the paper's.

    population_size, sample_size: P and S.
    max_attempts: children drawn before one that was proposed already is accepted.
    """

    def __init__(
        self,
        space: CellSpace[Any],
        rng: random.Random,
        *,
        population_size: int = 100,
        sample_size: int = 25,
        max_attempts: int = 10,
    ) -> None:
        require("population_size", population_size, 2, math.inf, integer=True)
        require("sample_size", sample_size, 1, math.inf, integer=True)
        require("max_attempts", max_attempts, 1, math.inf, integer=True)
        super().__init__(space)
        self._rng = rng
        self._population_size = population_size
        self._sample_size = sample_size
        self._max_attempts = max_attempts
        self._population: deque[Trial] = deque(maxlen=population_size)  # the oldest first

    def draft(self) -> Draft[Any]:
        return self._planted() or self._unproposed(self._draw, self._max_attempts)

    def _draw(self) -> Draft[Any]:
        if self._num_proposed < self._population_size or not self._population:
            genome, origin = self.space.sample(self._rng), Origin("random")
        else:
            sample = self._rng.choices(self._population, k=self._sample_size)
            parent = max(sample, key=lambda trial: trial.fitness).candidate
            genome = self.space.mutate(self.space.from_json(parent.genome), self._rng)
            origin = Origin("mutation", (parent.number,))
        return Draft(genome, self.space.decode(genome), origin)

    def tell(self, trial: Trial) -> None:
        self._population.append(trial)

    def rounds(self) -> Sequence[Round]:
        until = "all trials are drawn at random"
        return [Round("the first population", self._population_size, until, once=True)]

    def status(self) -> Mapping[str, int | float | str]:
        return {"population": len(self._population)}
