"""GP-NEAT: genetic programming on trees, with the species of NEAT and a Hall of Shame.

Rawal & Miikkulainen, From Nodes to Networks: Evolving Recurrent Neural Networks (2018), sections
2.1 and A.5. A generation:

1. The slots of the population are shared among the active species.
2. A slot is filled by an offspring of its species: homologous crossover of two selected parents, or
   one parent, then mutations.
3. An offspring in the Hall of Shame is mutated on until outside. One in an inactive species waits
   there, and the slot tries again. One in an active species, or in a new one while fewer than 10
   are active, is proposed.
4. When all proposals were told, each species selects its parents; stagnant species go to the Hall
   of Shame and inactive ones take their places, beginning with those who wait there.

What the paper leaves open, as decided here: slots are shared equally (the paper caps the number of
active species "so that active species get enough spawns"; NEAT shares by mean fitness). Parents are
selected by truncation from a generation's trials and the species' champions, which stay parents
without being evaluated again. A cell that was already proposed is not proposed again, unless
nothing else is found.

Nothing drawn within a generation depends on its results, so the order of tells does not matter.
"""

import dataclasses
import math
import random
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from archsearch.architecture import Architecture
from archsearch.archive.records import CHANGES, GENERATION, SPECIES, Json, Origin, Trial
from archsearch.search.protocol import Draft, DraftingStrategy, Round
from archsearch.search.speciation import Member, Speciation, Species, Standing, truncation
from archsearch.space import GPTreeSpace, TreeGenome
from archsearch.space.parameters import require
from archsearch.space.variation.trees import MUTATIONS, homologous_crossover


@dataclass(frozen=True, slots=True)
class Offspring:
    """A genome that was not evaluated yet, and how it came about."""

    genome: TreeGenome
    operation: str  # "seed", "warm start", "crossover", "mutation" or "random"
    parents: tuple[Member, ...] = ()
    mutations: tuple[str, ...] = ()

    @property
    def promise(self) -> float:
        return max((parent.fitness for parent in self.parents), default=-math.inf)

    def mutated(self, genome: TreeGenome, mutation: str) -> "Offspring":
        return dataclasses.replace(self, genome=genome, mutations=(*self.mutations, mutation))


class GPNEAT(DraftingStrategy[TreeGenome]):
    """Evolves cells of the tree space; the defaults are the paper's where it gives a number."""

    searches = (GPTreeSpace, "cell_space=gp_tree")
    space: GPTreeSpace

    def __init__(
        self,
        space: GPTreeSpace,
        rng: random.Random,
        *,
        population_size: int = 100,
        crossover_rate: float = 0.6,
        insert_rate: float = 0.6,
        shrink_rate: float = 0.3,
        replace_rate: float = 0.3,
        compatibility_threshold: float = 0.3,
        beta: float = 0.5,
        max_active_species: int = 10,
        max_inactive_species: int = 100,
        stagnation_generations: int = 4,
        survival_rate: float = 0.2,
        num_champions: int = 1,
        max_mutations: int = 10,
        max_attempts: int = 10,
    ) -> None:
        require("population_size", population_size, 2, math.inf, integer=True)
        require("crossover_rate", crossover_rate, 0, 1)
        require("insert_rate", insert_rate, 0, 1)
        require("shrink_rate", shrink_rate, 0, 1)
        require("replace_rate", replace_rate, 0, 1)
        if insert_rate + shrink_rate + replace_rate == 0:
            raise ValueError(
                "insert_rate, shrink_rate, replace_rate: expected at least one above 0, got none: "
                "without mutations nothing new is found"
            )
        require("compatibility_threshold", compatibility_threshold, 0, 1)
        require("beta", beta, 0, 1)
        require("max_active_species", max_active_species, 1, math.inf, integer=True)
        require("max_inactive_species", max_inactive_species, 0, math.inf, integer=True)
        require("stagnation_generations", stagnation_generations, 1, math.inf, integer=True)
        require("survival_rate", survival_rate, 0, 1)
        require("num_champions", num_champions, 0, math.inf, integer=True)
        require("max_mutations", max_mutations, 1, math.inf, integer=True)
        require("max_attempts", max_attempts, 1, math.inf, integer=True)
        super().__init__(space)
        self._rng = rng
        self._population_size = population_size
        self._crossover_rate = crossover_rate
        self._rates = {"insert": insert_rate, "shrink": shrink_rate, "replace": replace_rate}
        self._beta = beta
        self._stagnation_generations = stagnation_generations
        self._survival_rate = survival_rate
        self._num_champions = num_champions
        self._max_mutations = max_mutations
        self._max_attempts = max_attempts
        # A species without a slot could only stagnate.
        num_active = min(max_active_species, population_size)
        self._speciation = Speciation[Offspring](
            compatibility_threshold, beta, num_active, max_inactive_species
        )
        self._generation = 0
        # The species whose offspring comes next; None where there is no active species.
        self._slots: deque[Species[Offspring] | None] = deque([None] * population_size)
        self._offspring: dict[TreeGenome, Offspring] = {}  # of the drafts since the last commit
        self._outstanding: dict[int, tuple[Offspring, Species[Offspring]]] = {}
        self._told: list[tuple[Member, Species[Offspring]]] = []

    # --- protocol ---

    def draft(self) -> Draft[TreeGenome] | None:
        if not self._slots:
            return None
        offspring, cell = self._fill(self._slots[0])
        self._offspring[offspring.genome] = offspring
        species = self._speciation.find(offspring.genome.tree.shape)
        number = self._speciation.num_founded if species is None else species.number
        details: dict[str, Json] = {GENERATION: self._generation, SPECIES: number}
        if offspring.mutations:
            details[CHANGES] = list(offspring.mutations)
        parents = tuple(parent.number for parent in offspring.parents)
        return Draft(offspring.genome, cell, Origin(offspring.operation, parents, details))

    def commit(self, number: int, draft: Draft[TreeGenome]) -> None:
        offspring = self._offspring[draft.genome]
        self._offspring.clear()
        slot = self._slots.popleft()
        if slot is not None and slot.waiting and slot.waiting[0] is offspring:
            slot.waiting.popleft()
        species = self._speciation.place(offspring.genome.tree.shape, offspring.promise)
        if species.standing is not Standing.ACTIVE:  # the last resort, see `_last_resort`
            species.standing = Standing.ACTIVE
            species.stagnant_generations = 0
        if not species.parents:
            # A species that has never been evaluated needs a parent for its further slots.
            species.parents = [Member(number, offspring.genome, -math.inf)]
        self._outstanding[number] = (offspring, species)

    def tell(self, trial: Trial) -> None:
        number = trial.candidate.number
        offspring, species = self._outstanding.pop(number)
        self._told.append((Member(number, offspring.genome, trial.fitness), species))
        if not self._slots and not self._outstanding:
            self._end_generation()

    def status(self) -> Mapping[str, int | float | str]:
        figures: dict[str, int | float | str] = {"generation": self._generation}
        for standing in Standing:
            figures[f"{standing.value}_species"] = len(self._speciation.having(standing))
        return figures

    def rounds(self) -> Sequence[Round]:
        return [Round("generation", self._population_size, "all trials are start trees")]

    # --- generations ---

    def _end_generation(self) -> None:
        self._told.sort(key=lambda told: told[0].number)
        for species in self._speciation.having(Standing.ACTIVE):
            born = [member for member, its_species in self._told if its_species is species]
            champions = [m for m in species.parents if m.fitness > -math.inf][: self._num_champions]
            species.end_generation(born)
            if born:
                species.parents = truncation([*champions, *born], self._survival_rate)
        self._told = []
        self._speciation.retire(self._stagnation_generations)
        self._generation += 1
        self._share_slots()

    def _share_slots(self) -> None:
        """Equal shares; what does not divide goes to the species with the best fitness."""
        active = sorted(
            self._speciation.having(Standing.ACTIVE),
            key=lambda species: (-species.best_fitness, species.number),
        )
        turns: list[Species[Offspring] | None] = [*active] or [None]
        self._slots.extend(turns[slot % len(turns)] for slot in range(self._population_size))

    # --- filling a slot ---

    def _fill(self, species: Species[Offspring] | None) -> tuple[Offspring, Architecture]:
        """An offspring to propose, of an active species or one that may become active, and its
        cell."""
        while species is not None and species.waiting:
            offspring = species.waiting[0]
            cell = self.space.decode(offspring.genome)
            if cell.key not in self._proposed_keys or not species.parents:
                return offspring, cell
            species.waiting.popleft()
        for _ in range(self._max_attempts):
            offspring = self._outside_shame(
                self._fresh() if species is None else self._born(species)
            )
            shape = offspring.genome.tree.shape
            found = self._speciation.find(shape)
            if found is None and not self._speciation.has_room:
                found = self._speciation.place(shape, offspring.promise)
            if found is None or found.standing is Standing.ACTIVE:
                cell = self.space.decode(offspring.genome)
                if cell.key not in self._proposed_keys:
                    return offspring, cell
            elif found.standing is Standing.INACTIVE:
                # One active species' share is all that its first generation could evaluate.
                room = self._population_size // self._speciation.max_active
                found.let_wait(offspring, offspring.promise, room)
        return self._last_resort(species)

    def _last_resort(self, species: Species[Offspring] | None) -> tuple[Offspring, Architecture]:
        """What is always possible: another element in the form of a parent, which stays in its
        species; or, where no species is active, a drawn tree whose species becomes active, be it
        out of the Hall of Shame."""
        if species is None and (active := self._speciation.having(Standing.ACTIVE)):
            species = self._rng.choice(active)
        if species is None:
            offspring = self._fresh()
        else:
            parent = self._rng.choice(species.parents)
            genome = MUTATIONS["replace"](parent.genome, self.space, self._rng)
            offspring = Offspring(genome or parent.genome, "mutation", (parent,), ("replace",))
        return offspring, self.space.decode(offspring.genome)

    def _fresh(self) -> Offspring:
        if self._seeds:
            return Offspring(self._seeds.popleft(), "warm start")
        if self._generation == 0:
            return Offspring(self.space.start(self._rng), "seed")
        return Offspring(self.space.sample(self._rng), "random")

    def _born(self, species: Species[Offspring]) -> Offspring:
        """Crossover at its rate, then each mutation at its rate, and at least one change."""
        rng = self._rng
        mother = rng.choice(species.parents)
        offspring = Offspring(mother.genome, "mutation", (mother,))
        others = [member for member in species.parents if member is not mother]
        if others and rng.random() < self._crossover_rate:
            father = rng.choice(others)
            child = homologous_crossover(mother.genome, father.genome, self.space, rng, self._beta)
            if child is not None:
                offspring = Offspring(child, "crossover", (mother, father))
        for mutation, rate in self._rates.items():
            if rng.random() < rate:
                offspring = self._mutated(offspring, mutation)
        return offspring if offspring.genome != mother.genome else self._mutated_once(offspring)

    def _mutated(self, offspring: Offspring, mutation: str) -> Offspring:
        genome = MUTATIONS[mutation](offspring.genome, self.space, self._rng)
        return offspring if genome is None else offspring.mutated(genome, mutation)

    def _mutated_once(self, offspring: Offspring) -> Offspring:
        (mutation,) = self._rng.choices(list(self._rates), list(self._rates.values()))
        return self._mutated(offspring, mutation)

    def _outside_shame(self, offspring: Offspring) -> Offspring:
        """Section A.5: mutated until outside the Hall of Shame, each step a stepping stone to the
        next. After `max_mutations` a drawn tree takes its place."""
        for _ in range(self._max_mutations):
            species = self._speciation.find(offspring.genome.tree.shape)
            if species is None or species.standing is not Standing.SHAME:
                return offspring
            offspring = self._mutated_once(offspring)
        return Offspring(self.space.sample(self._rng), "random")
