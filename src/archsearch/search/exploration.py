"""Exploration: a list of the best architectures, their mutants, and random hyperparameters for all.

Jozefowicz, Zaremba, Sutskever, An Empirical Exploration of Recurrent Network Architectures (2015),
"Search procedure" of the notes at hand:

1. The list begins with LSTM and GRU. It keeps the 100 best architectures; what counts of each is
   its best result over all hyperparameters so far.
2. A step takes (a) a random architecture of the list with random hyperparameters, or (b) a mutant
   of one, which gets "good hyperparameter settings from parent" and random ones as well.
3. Gates on a mutant's way, the measure against the GRU and the cache are the evaluation's:
   `archsearch.evaluate.suite`, and the archive. The cache knows candidates by architecture and
   hyperparameters.

What the notes leave open, as decided here: a step is (a) with probability `revisit_rate`, and its
architecture is trained `draws` times. Each hyperparameter of a mutant is the best one known of its
parent with probability `inherit_rate`, and else drawn. Nothing is ever waited for: what was not
told stands in the list at −∞ if it is a start cell, and not at all if not. A mutant that was
proposed before is drawn again, parent and all. Without priors there is nothing to draw, so each
architecture is trained once, and steps are all of kind (b).
"""

import math
import random
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from archsearch.archive.records import HYPERPARAMETERS, Json, Origin, Trial
from archsearch.cell import Cell
from archsearch.search.protocol import Draft, DraftingStrategy, Round
from archsearch.space.graph import GraphSpace
from archsearch.space.parameters import require
from archsearch.space.variation.graph_mutations import mutate_nodes

START, REVISIT = "seed", "new_hyperparameters"


@dataclass(frozen=True, slots=True)
class LogUniform:
    """A prior whose logarithm is uniform between those of `low` and `high`."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 < self.low < self.high < math.inf:
            raise ValueError(
                f"low, high: expected 0 < low < high, got low={self.low}, high={self.high}"
            )

    def draw(self, rng: random.Random) -> float:
        return math.exp(rng.uniform(math.log(self.low), math.log(self.high)))


@dataclass(frozen=True, slots=True)
class OneOf:
    """A prior under which all values are as likely."""

    values: Sequence[float]

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError("values: expected at least one, got none")

    def draw(self, rng: random.Random) -> float:
        return rng.choice(self.values)


@dataclass(frozen=True, slots=True)
class Listed:
    """An architecture of the list, and its best trial: −∞ and the first number before any."""

    cell: Cell
    number: int
    fitness: float = -math.inf
    hyperparameters: Mapping[str, Json] = field(default_factory=dict)


class Exploration(DraftingStrategy[Cell]):
    """Mutates a list of the best cells and tunes them as it goes; on the graph space.

    list_size: architectures that are kept.
    revisit_rate: the chance that a step takes an architecture of the list as it is.
    draws: trials of an architecture in one step.
    inherit_rate: the chance that a mutant has a hyperparameter of its parent.
    priors: what hyperparameters are drawn from, by name; the names are those of
        `archsearch.evaluate.evaluator`.
    max_attempts: mutants drawn before one that was proposed already is accepted.
    """

    searches = (GraphSpace, "cell_space=graph")
    space: GraphSpace

    def __init__(
        self,
        space: GraphSpace,
        rng: random.Random,
        *,
        list_size: int = 100,
        revisit_rate: float = 0.5,
        draws: int = 20,
        inherit_rate: float = 0.5,
        priors: Mapping[str, LogUniform | OneOf] | None = None,
        max_attempts: int = 10,
    ) -> None:
        require("list_size", list_size, 1, math.inf, integer=True)
        require("revisit_rate", revisit_rate, 0, 1)
        require("draws", draws, 1, math.inf, integer=True)
        require("inherit_rate", inherit_rate, 0, 1)
        require("max_attempts", max_attempts, 1, math.inf, integer=True)
        if unknown := sorted(set(priors or {}) - set(HYPERPARAMETERS)):
            raise ValueError(
                f"priors: expected some of {', '.join(HYPERPARAMETERS)}, got {', '.join(unknown)}"
            )
        super().__init__(space)
        self._rng = rng
        self._list_size = list_size
        self._priors = dict(priors or {})
        self._revisit_rate = revisit_rate if self._priors else 0.0
        self._draws = draws if self._priors else 1
        self._inherit_rate = inherit_rate
        self._max_attempts = max_attempts
        self._starts = deque(space.start_cells)
        self._list: dict[str, Listed] = {}  # by key
        self._parents: dict[str, Listed] = {}  # of the drafts since the last commit, by key
        self._step: Draft[Cell] | None = None  # of which further draws are to come
        self._step_parent: Listed | None = None
        self._draws_left = 0

    # --- protocol ---

    def draft(self) -> Draft[Cell]:
        if self._draws_left:
            assert self._step is not None
            return replace(self._step, hyperparameters=self._drawn(self._step_parent))
        if self._seeds:
            return self._drafted(self._seeds.popleft(), Origin("warm start"))
        if self._starts:
            return self._drafted(self._starts[0], Origin(START))
        if self._rng.random() < self._revisit_rate:
            listed = self._any_listed()
            return self._drafted(listed.cell, Origin(REVISIT, (listed.number,)))
        return self._mutant()

    def commit(self, number: int, draft: Draft[Cell]) -> None:
        cell, operation = draft.genome, draft.origin.operation
        if self._draws_left:
            self._draws_left -= 1
            return
        self._step, self._step_parent = draft, self._parents.get(cell.key)
        self._draws_left = self._draws - 1
        self._parents.clear()
        if operation == START:
            self._starts.popleft()
        if not draft.origin.parents:
            self._list.setdefault(cell.key, Listed(cell, number))

    def tell(self, trial: Trial) -> None:
        candidate = trial.candidate
        cell = candidate.architecture
        assert isinstance(cell, Cell)
        listed = self._list.get(cell.key)
        if trial.fitness > (listed.fitness if listed else -math.inf):
            self._list[cell.key] = Listed(
                cell, candidate.number, trial.fitness, candidate.hyperparameters
            )
        if len(self._list) > self._list_size:
            worst = min(self._list.values(), key=lambda listed: (listed.fitness, -listed.number))
            del self._list[worst.cell.key]

    def status(self) -> Mapping[str, int | float | str]:
        return {"architectures": len(self._proposed_keys), "listed": len(self._list)}

    def rounds(self) -> Sequence[Round]:
        num_starts = len(self._starts) * self._draws
        until = "all trials are those cells, and nothing is mutated"
        rounds = [Round("the first training of the start cells", num_starts, until, once=True)]
        if self._draws > 1:
            rounds.append(Round("step", self._draws, "all trials are of one cell"))
        return rounds

    # --- steps ---

    def _mutant(self) -> Draft[Cell]:
        for _ in range(self._max_attempts):
            parent = self._any_listed()
            child = mutate_nodes(parent.cell, self.space, self._rng)
            cell = child or self.space.mutate(parent.cell, self._rng)
            if cell.key not in self._proposed_keys:
                break
        return self._drafted(cell, Origin("mutation", (parent.number,)), parent)

    def _any_listed(self) -> Listed:
        return self._rng.choice(list(self._list.values()))

    def _drafted(self, cell: Cell, origin: Origin, parent: Listed | None = None) -> Draft[Cell]:
        if parent is not None:
            self._parents[cell.key] = parent
        return Draft(cell, cell, origin, self._drawn(parent))

    def _drawn(self, parent: Listed | None) -> dict[str, Json]:
        """Hyperparameters from the priors, some of them inherited where there is a parent."""
        known = parent.hyperparameters if parent else {}
        return {
            name: known[name]
            if name in known and self._rng.random() < self._inherit_rate
            else prior.draw(self._rng)
            for name, prior in self._priors.items()
        }
