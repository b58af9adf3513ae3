"""The search for heterogeneous layers: at random, or with a genetic algorithm.

Rawal & Miikkulainen 2018, section A.2: layers were drawn at random, 2000 of them; A.4: "In the
future the idea is to search for such heterogenous recurrent networks using a genetic algorithm as
well."

The genetic algorithm is ours, a steady state one (Syswerda 1989): the population is the best
`population_size` layers told so far. A child has one or two parents, each the best of a tournament,
crosses them share by share, and mutates: one share gets another cell of the pool. Nothing is waited
for: as long as fewer than `population_size` were proposed, or none was told, layers are drawn at
random. A child that was proposed before is drawn again. Failed trials have fitness −∞ and leave
the population first.
"""

import math
import random
from collections.abc import Mapping, Sequence
from typing import Literal

from archsearch.architecture import HeterogeneousLayer
from archsearch.archive.records import Origin, Trial
from archsearch.search.protocol import Draft, DraftingStrategy, Round
from archsearch.space.heterogeneous import HeterogeneousSpace
from archsearch.space.parameters import require

_MODES = ("random", "genetic")


class Heterogeneous(DraftingStrategy[HeterogeneousLayer]):
    """Searches layers whose cells come from earlier runs.

    mode: "random" draws every layer from the pool; "genetic" breeds them.
    tournament_size: members drawn for a parent, with replacement.
    mutation_rate: the chance that a child of two parents mutates; other children always do.
    max_attempts: layers drawn before one that was proposed already is accepted.
    """

    searches = (HeterogeneousSpace, "cell_space=heterogeneous")
    space: HeterogeneousSpace

    def __init__(
        self,
        space: HeterogeneousSpace,
        rng: random.Random,
        *,
        mode: Literal["random", "genetic"] = "random",
        population_size: int = 20,
        tournament_size: int = 3,
        crossover_rate: float = 0.6,
        mutation_rate: float = 0.5,
        max_attempts: int = 100,
    ) -> None:
        if mode not in _MODES:
            raise ValueError(f"mode: expected {' or '.join(_MODES)}, got {mode!r}")
        require("population_size", population_size, 2, math.inf, integer=True)
        require("tournament_size", tournament_size, 1, math.inf, integer=True)
        require("crossover_rate", crossover_rate, 0, 1)
        require("mutation_rate", mutation_rate, 0, 1)
        require("max_attempts", max_attempts, 1, math.inf, integer=True)
        super().__init__(space)
        self._rng = rng
        self._mode = mode
        self._population_size = population_size
        self._tournament_size = tournament_size
        self._crossover_rate = crossover_rate
        self._mutation_rate = mutation_rate
        self._max_attempts = max_attempts
        self._population: list[Trial] = []  # the best first

    def draft(self) -> Draft[HeterogeneousLayer]:
        return self._planted() or self._unproposed(self._draw, self._max_attempts)

    def _draw(self) -> Draft[HeterogeneousLayer]:
        few = self._num_proposed < self._population_size or not self._population
        if self._mode == "random" or few:
            layer = self.space.sample(self._rng)
            return Draft(layer, layer, Origin("random"))
        return self._bred()

    def _bred(self) -> Draft[HeterogeneousLayer]:
        mother, child = self._parent()
        origin = Origin("mutation", (mother,))
        if self._rng.random() < self._crossover_rate:
            father, other = self._parent()
            child = self.space.cross(child, other, self._rng)
            origin = Origin("crossover", (mother, father))
        if origin.operation == "mutation" or self._rng.random() < self._mutation_rate:
            child = self.space.mutate(child, self._rng)
        return Draft(child, child, origin)

    def _parent(self) -> tuple[int, HeterogeneousLayer]:
        """The number and the layer of the best of a tournament."""
        tournament = self._rng.choices(self._population, k=self._tournament_size)
        candidate = max(tournament, key=lambda trial: trial.fitness).candidate
        layer = candidate.architecture
        assert isinstance(layer, HeterogeneousLayer), layer
        return candidate.number, layer

    def tell(self, trial: Trial) -> None:
        """Take the trial into the population; among equals the earlier told stay."""
        self._population.append(trial)
        self._population.sort(key=lambda member: -member.fitness)
        del self._population[self._population_size :]

    def rounds(self) -> Sequence[Round]:
        if self._mode == "random":
            return ()
        until = "all trials are drawn at random"
        return [Round("the first population", self._population_size, until, once=True)]

    def status(self) -> Mapping[str, int | float | str]:
        return {"pool": len(self.space.pool)}
