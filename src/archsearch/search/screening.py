"""A predictor in front of a strategy: of several drafts the most promising is trained.

Any strategy, any predictor of architectures: the paper of the ranking function (Schrimpf et al.
2017, section 3.3) filters random cells; here it filters what a strategy would propose.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from archsearch.archive.records import ESTIMATE, Candidate, Lesson, Trial
from archsearch.cell import Cell
from archsearch.predictor import ArchitecturePredictor, readable_cell
from archsearch.search.protocol import Draft, DraftingStrategy, Proposal, Round, Strategy
from archsearch.space.parameters import require


class Screened(Strategy):
    """Drafts `num_drafts` times and commits to the draft with the best guess.

    The predictor learns from the first `min_trials` trials told, then again after each further
    `refit_every`; until then, and while planted genomes are left, the first draft is taken. So what
    it knows depends on how many trials were told and not on when it was asked.
    """

    def __init__(
        self,
        strategy: DraftingStrategy[Any],
        predictor: ArchitecturePredictor,
        rng: random.Random,
        *,
        num_drafts: int = 8,
        min_trials: int = 16,
        refit_every: int = 16,
    ) -> None:
        require("num_drafts", num_drafts, 2, float("inf"), integer=True)
        require("min_trials", min_trials, 2, float("inf"), integer=True)
        require("refit_every", refit_every, 1, float("inf"), integer=True)
        self._strategy = strategy
        self._predictor = predictor
        self._seed = rng.getrandbits(32)
        self._num_drafts = num_drafts
        self._min_trials = min_trials
        self._refit_every = refit_every
        self._pairs: list[tuple[Cell, float]] = []  # told, in the order of the tells
        self._num_learnt = 0  # pairs that the predictor knows

    def learn(self, pairs: Sequence[tuple[Cell, float]]) -> None:
        """Known pairs, such as those of an earlier run. To be called before the first ask."""
        self._pairs.extend(pairs)

    def ask(self, number: int) -> Proposal | None:
        drafts = self._drafts()
        if not drafts:
            return None
        if len(drafts) == 1:
            return self._strategy.propose(number, drafts[0])
        best, guess = self._best(drafts)
        return _with_estimate(self._strategy.propose(number, best), round(guess, 6))

    def recall(self, candidate: Candidate) -> Proposal | None:
        """The same drafts again; which of them was best the archive knows, and what was expected of
        it, unless it is of a revision that did not note that."""
        drafts = self._drafts()
        if not drafts:
            return None
        space = self._strategy.space
        same = (d for d in drafts if space.to_json(d.genome) == candidate.genome)
        # If none is, the archive is of another strategy, and the search will say so.
        proposal = self._strategy.propose(candidate.number, next(same, drafts[0]))
        estimate = candidate.origin.estimate
        return proposal if estimate is None else _with_estimate(proposal, estimate)

    def tell(self, trial: Trial) -> None:
        self._pairs.append((readable_cell(trial.candidate.architecture), trial.fitness))
        self._strategy.tell(trial)

    def lessons(self) -> Sequence[Lesson]:
        return self._strategy.lessons()

    def status(self) -> Mapping[str, int | float | str]:
        return {**self._strategy.status(), "screened_by": self._num_learnable()}

    def rounds(self) -> Sequence[Round]:
        num_trials = self._min_trials - len(self._pairs)
        until = "it chooses nothing"
        name = "what the predictor learns from first"
        first = [Round(name, num_trials, until, once=True)] if num_trials > 0 else []
        return [*self._strategy.rounds(), *first]

    def _drafts(self) -> list[Draft[Any]]:
        """Several where there is a choice to be made, else one; none while the strategy waits."""
        is_choice = self._num_learnable() > 0 and not self._strategy.has_seeds
        drafts = [self._strategy.draft() for _ in range(self._num_drafts if is_choice else 1)]
        return [draft for draft in drafts if draft is not None]

    def _best(self, drafts: list[Draft[Any]]) -> tuple[Draft[Any], float]:
        """The draft with the best guess, and that guess."""
        self._learn()
        guesses = self._predictor.predict([readable_cell(draft.architecture) for draft in drafts])
        best = int(guesses.argmax())
        return drafts[best], float(guesses[best])

    def _learn(self) -> None:
        num_pairs = self._num_learnable()
        if num_pairs > self._num_learnt:
            cells, fitness = zip(*self._pairs[:num_pairs], strict=True)
            self._predictor.fit(cells, fitness, self._seed)
            self._num_learnt = num_pairs

    def _num_learnable(self) -> int:
        """How many of the told pairs the predictor should know now."""
        beyond = len(self._pairs) - self._min_trials
        if beyond < 0:
            return 0
        num_pairs = self._min_trials + beyond // self._refit_every * self._refit_every
        is_any_finite = any(fitness > -math.inf for _, fitness in self._pairs[:num_pairs])
        return num_pairs if is_any_finite else 0


def _with_estimate(proposal: Proposal, estimate: float) -> Proposal:
    origin = proposal.origin
    return replace(proposal, origin=replace(origin, details={**origin.details, ESTIMATE: estimate}))
