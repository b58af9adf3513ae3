"""Random search directed by a ranking function: the first system of the DSL's paper.

Schrimpf et al., A Flexible Approach to Automated RNN Architecture Generation (2017), "Random
architecture search directed by a learned ranking function". A step:

1. Up to 50,000 random candidates are drawn from the space.
2. The ranking function is trained again on all results so far and estimates each candidate.
3. The 28 best are trained, and 4 of the others: drawn without replacement, good ones preferred.
4. When all 32 were told, failures among them, the next step begins.

Candidates with c_t come after enough valid cells that have h_t alone, where the space can tell
them apart, as the DSL's; then every node that can give c_t makes a candidate.

What the paper leaves open, as decided here: the first step, before there are results, is random
unless known pairs were injected; the weight of a candidate among the others is 1 / its rank; an
architecture is proposed once, unless the space seems to have no other.

A step depends on its number, the seed and the results of the steps before. So the order of tells
within a step does not matter, and a replay takes past steps from the archive without drawing them.
"""

import heapq
import math
import random
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from archsearch.archive.records import ESTIMATE, Candidate, Json, Origin, Trial
from archsearch.cell import Cell
from archsearch.predictor import ArchitecturePredictor, readable_cell
from archsearch.search.protocol import Draft, PredictingStrategy, Proposal, Round
from archsearch.space import CellSpace, DSLSpace
from archsearch.space.parameters import require


class RandomRanking(PredictingStrategy[Any]):
    """Trains the `num_best` and `num_weighted` most promising of `num_candidates` in each step.

    min_plain_trials: the successful trials of cells without a memory after which cells with one
        are drawn, in a space that can leave it out.
    """

    def __init__(
        self,
        space: CellSpace[Any],
        rng: random.Random,
        predictor: ArchitecturePredictor,
        *,
        num_candidates: int = 50_000,
        num_best: int = 28,
        num_weighted: int = 4,
        min_plain_trials: int = 750,
    ) -> None:
        require("num_best", num_best, 0, math.inf, integer=True)
        require("num_weighted", num_weighted, 0, math.inf, integer=True)
        require("num_best + num_weighted", num_best + num_weighted, 1, math.inf, integer=True)
        require("num_candidates", num_candidates, num_best + num_weighted, math.inf, integer=True)
        require("min_plain_trials", min_plain_trials, 0, math.inf, integer=True)
        super().__init__(space, predictor)
        self._seed = rng.getrandbits(64)
        self._num_candidates = num_candidates
        self._num_best = num_best
        self._batch_size = num_best + num_weighted
        self._min_plain_trials = min_plain_trials
        # What was known when the step began: its choice depends on nothing else.
        self._step = 0
        self._pairs: list[tuple[Cell, float]] = []
        self._earlier_keys: set[str] = set()  # proposed in the steps before
        # What has happened since.
        self._keys: list[str] = []  # proposed
        self._told: list[Trial] = []
        # What is left of the choice, in the order of its proposals; None: not made yet.
        self._chosen: deque[Draft[Any]] | None = None

    def learn(self, pairs: Sequence[tuple[Cell, float]]) -> None:
        """The ranking function knows them from the start, as human experts may inject what they
        know."""
        self._pairs.extend(pairs)

    # --- protocol ---

    def draft(self) -> Draft[Any] | None:
        """The next of the step's choice, in turn; at its first call in a step, makes the choice."""
        if self._is_full:
            return None
        if self._seeds:
            return self._planted()
        if self._chosen is None:
            self._chosen = deque(self._choose())
            for key in self._keys:
                self._strike(key)
        self._chosen.rotate(-1)
        return self._chosen[-1]

    def commit(self, number: int, draft: Draft[Any]) -> None:  # noqa: ARG002
        self._note(draft.architecture.key)

    def recall(self, candidate: Candidate) -> Proposal | None:
        if self._is_full or self._seeds:
            return self.ask(candidate.number)
        self._note(candidate.architecture.key)
        return Proposal(
            candidate.architecture, candidate.genome, candidate.origin, candidate.hyperparameters
        )

    def tell(self, trial: Trial) -> None:
        self._told.append(trial)
        if len(self._told) == self._batch_size:
            self._end_step()

    def status(self) -> Mapping[str, int | float | str]:
        return {"step": self._step, "ranked_by": len(self._pairs)}

    def rounds(self) -> Sequence[Round]:
        chosen = "chosen by what was known before" if self._pairs else "drawn at random"
        rounds = [Round("step", self._batch_size, f"all trials are {chosen}")]
        if isinstance(self.space, DSLSpace) and self._min_plain_trials:
            name, until = "the stage of cells without c_t", "no cell with a memory is proposed"
            rounds.append(Round(name, self._min_plain_trials, until, once=True, or_more=True))
        return rounds

    # --- steps ---

    @property
    def _is_full(self) -> bool:
        return len(self._keys) == self._batch_size

    def _note(self, key: str) -> None:
        """A candidate of this step was proposed."""
        self._keys.append(key)
        if self._chosen is not None:
            self._strike(key)

    def _strike(self, key: str) -> None:
        assert self._chosen is not None
        index = next((i for i, d in enumerate(self._chosen) if d.architecture.key == key), None)
        if index is not None:
            del self._chosen[index]

    def _end_step(self) -> None:
        for trial in sorted(self._told, key=lambda trial: trial.candidate.number):
            self._pairs.append((readable_cell(trial.candidate.architecture), trial.fitness))
        self._earlier_keys.update(self._keys)
        self._step += 1
        self._keys, self._told, self._chosen = [], [], None

    # --- the choice ---

    def _choose(self) -> list[Draft[Any]]:
        """As many as a step has, in the order in which they are proposed."""
        rng = random.Random(f"{self._seed} {self._step}")
        can_learn = len(self._pairs) > 1 and any(f > -math.inf for _, f in self._pairs)
        if not can_learn:
            drawn = self._draw(self._batch_size, rng)
            return [Draft(genome, cell, self._origin("random")) for genome, cell in drawn]
        cells, fitness = zip(*self._pairs, strict=True)
        self._predictor.fit(cells, fitness, rng.getrandbits(32))
        drawn = self._draw(self._num_candidates, rng)
        estimates = self._predictor.predict([cell for _, cell in drawn]).tolist()
        ranking = sorted(range(len(drawn)), key=lambda index: -estimates[index])
        best, others = ranking[: self._num_best], ranking[self._num_best :]
        weighted = _weighted_sample(others, self._batch_size - len(best), rng)
        return [
            Draft(*drawn[index], self._origin(operation, **{ESTIMATE: round(estimates[index], 6)}))
            for operation, indices in (("best ranked", best), ("weighted draw", weighted))
            for index in indices
        ]

    def _origin(self, operation: str, **details: Json) -> Origin:
        return Origin(operation, details={"step": self._step, **details})

    def _draw(self, wanted: int, rng: random.Random) -> list[tuple[Any, Cell]]:
        """Genomes with their cells: `wanted` new ones if `num_candidates` draws have so many, and
        at least as many as a step takes, with repeats where there are not enough."""
        new: dict[str, tuple[Any, Cell]] = {}
        repeats: list[tuple[Any, Cell]] = []
        for genome in islice(self._samples(rng), self._num_candidates):
            cell = readable_cell(self.space.decode(genome))
            if cell.key not in self._earlier_keys and cell.key not in new:
                new[cell.key] = (genome, cell)
                if len(new) == wanted:
                    break
            elif len(repeats) < self._batch_size:
                repeats.append((genome, cell))
        num_missing = max(0, self._batch_size - len(new))
        return [*new.values(), *repeats[:num_missing]]

    def _samples(self, rng: random.Random) -> Iterator[Any]:
        space = self.space
        num_plain = sum(not cell.memories and f > -math.inf for cell, f in self._pairs)
        while True:
            if not isinstance(space, DSLSpace):
                yield space.sample(rng)
            elif num_plain < self._min_plain_trials:
                yield space.sample_plain(rng)
            else:
                yield from space.memory_places(space.sample(rng))


def _weighted_sample(ranking: Sequence[int], count: int, rng: random.Random) -> list[int]:
    """Some of the ranking, without replacement; the weight of one is 1 / its rank.

    The largest uᵢ^(1/weightᵢ) of uniform uᵢ: Efraimidis & Spirakis 2006, here as logarithms.
    """
    keys = (math.log(1 - rng.random()) * rank for rank in range(1, len(ranking) + 1))
    chosen = heapq.nlargest(count, zip(keys, ranking, strict=True))
    return [index for _, index in chosen]
