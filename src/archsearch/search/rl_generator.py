"""The incremental generator of the DSL: an agent grows architectures node by node, and learns.

Schrimpf et al., A Flexible Approach to Automated RNN Architecture Generation (2017), section 3.2,
"Incremental architecture construction using reinforcement learning", section 4.2, and the appendix
on the generator:

1. The agent is trained beforehand on priors, without evaluation (`Priors`).
2. It grows an expression from h_t downwards, token by token (`tree_policy`). Where the expression
   uses c_tm1, every node that can give c_t makes a candidate, or of too many `max_memory_places`;
   the best counts.
3. At least four results close a batch: three good ones or more, and at most one failed.
   REINFORCE (Williams 1992) then makes the agent's choices more or less likely, by the reward of
   what they led to (`reward`).

Nothing waits: expressions are grown while results are outstanding, with the agent as it then is.

What the paper leaves open, as decided here:

- What the space knows at an open place, such as a full height, the agent cannot choose. A whole
  expression that the space rejects is a failed architecture, known as such at once; one whose
  training failed goes before it. Of more than a batch has room for, the latest count.
- Rewards are compared with the mean reward of recent architectures: a baseline, without which
  REINFORCE would make everything that it sees more likely.
- An expression that was proposed before is grown again, each time with twice the epsilon: so an
  agent that has settled down still proposes something new.
- An architecture counts when all its candidates were told, as failed if all of them failed.
- Planted cells teach like the agent's own, with c_t where they have it.
"""

import math
import random
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from archsearch.archive.records import Json, Lesson, Origin, Trial
from archsearch.search.expression_agent import ExpressionAgent, Priors
from archsearch.search.protocol import Draft, DraftingStrategy, Round
from archsearch.search.reward import RewardScale, SoftExponential
from archsearch.search.tree_policy import Tokens
from archsearch.space import DSLSpace
from archsearch.space.expression import Expression
from archsearch.space.parameters import require

PRIORS = {"well_formed": 1.0, "depth": 1.0, "inputs": 1.0, "stacking": 1.0}
REWARD = SoftExponential()


@dataclass(slots=True, eq=False)
class _Architecture:
    """A grown expression, and what becomes of its candidates: one for each place of c_t."""

    tokens: Tokens
    waiting: deque[Expression]  # candidates that were not proposed yet
    operation: str
    rejected: Sequence[Tokens] = ()  # expressions that were grown before it and that are no cells
    first_number: int | None = None  # of the first candidate proposed
    num_in_flight: int = 0
    fitness: float = -math.inf  # of the best candidate told
    counts: int | None = None  # the number of that candidate, or of one that failed

    @property
    def is_told(self) -> bool:
        return not self.waiting and not self.num_in_flight


@dataclass(frozen=True, slots=True)
class _Result:
    """number: of the trial that counts; None for what was rejected before any."""

    tokens: Tokens
    fitness: float = -math.inf
    number: int | None = None


class RLGenerator(DraftingStrategy[Expression]):
    """Grows cells of the DSL's spaces with an agent that learns by REINFORCE."""

    searches = (DSLSpace, "cell_space=dsl_core or dsl_extended")
    space: DSLSpace

    def __init__(
        self,
        space: DSLSpace,
        rng: random.Random,
        *,
        width: int = 64,
        epsilon: float = 0.05,
        learning_rate: float = 0.01,
        clip_norm: float = 1.0,
        priors: Mapping[str, float] = PRIORS,
        min_depth: int = 3,
        max_depth: int = 11,
        pretraining_goal: float = 0.9,
        pretraining_trees: int = 64,
        max_pretraining_updates: int = 30,
        min_results: int = 4,
        min_good: int = 3,
        max_failed: int = 1,
        reward: SoftExponential = REWARD,
        reward_window: int = 100,
        max_memory_places: int | None = None,
        max_attempts: int = 30,
    ) -> None:
        """Trains the agent on the priors, for some seconds.

        max_memory_places: of an expression's places of c_t, how many are tried; None: all.
        """
        require("pretraining_goal", pretraining_goal, 0, 1)
        require("pretraining_trees", pretraining_trees, 2, math.inf, integer=True)
        require("max_pretraining_updates", max_pretraining_updates, 0, math.inf, integer=True)
        require("min_good", min_good, 2, math.inf, integer=True)
        require("max_failed", max_failed, 0, math.inf, integer=True)
        require("min_results", min_results, 1, math.inf, integer=True)
        if max_memory_places is not None:
            require("max_memory_places", max_memory_places, 1, math.inf, integer=True)
        require("max_attempts", max_attempts, 1, math.inf, integer=True)
        super().__init__(space)
        self._rng = rng
        self._epsilon = epsilon
        self._min_results = min_results
        self._min_good = min_good
        self._max_failed = max_failed
        self._max_memory_places = max_memory_places
        self._max_attempts = max_attempts
        self._scale = RewardScale(reward, reward_window)
        self._agent = ExpressionAgent(
            space,
            rng,
            width=width,
            epsilon=epsilon,
            learning_rate=learning_rate,
            clip_norm=clip_norm,
        )
        self._agent.pretrain(
            Priors(space, priors, min_depth, max_depth),
            goal=pretraining_goal,
            num_trees=pretraining_trees,
            max_updates=max_pretraining_updates,
        )
        self._drafted: dict[Expression, _Architecture] = {}  # since the last commit
        self._current: _Architecture | None = None  # has candidates that were not proposed yet
        self._in_flight: dict[int, _Architecture] = {}
        # The batch: of what is not good the latest ones, as many as there is room for.
        self._good: list[_Result] = []
        self._failed: deque[_Result] = deque(maxlen=max_failed)
        self._rejected: deque[_Result] = deque(maxlen=max_failed)
        self._num_updates = 0
        self._lessons: tuple[Lesson, ...] = ()

    # --- protocol ---

    def draft(self) -> Draft[Expression]:
        architecture = self._current or self._new()
        genome = architecture.waiting[0]
        self._drafted[genome] = architecture
        details: dict[str, Json] = {"update": self._num_updates}
        if architecture.first_number is None:
            origin = Origin(architecture.operation, (), details)
        else:
            origin = Origin("place of c_t", (architecture.first_number,), details)
        return Draft(genome, self.space.decode(genome), origin)

    def commit(self, number: int, draft: Draft[Expression]) -> None:
        architecture = self._drafted[draft.genome]
        self._drafted.clear()
        if architecture.first_number is None:
            architecture.first_number = number
            self._rejected.extend(map(_Result, architecture.rejected))
        architecture.waiting.popleft()
        architecture.num_in_flight += 1
        self._in_flight[number] = architecture
        self._current = architecture if architecture.waiting else None

    def tell(self, trial: Trial) -> None:
        architecture = self._in_flight.pop(trial.candidate.number)
        architecture.num_in_flight -= 1
        if architecture.counts is None or trial.fitness > architecture.fitness:
            architecture.fitness, architecture.counts = trial.fitness, trial.number
        self._lessons = ()
        if architecture.is_told:
            self._take_in(architecture)

    def lessons(self) -> Sequence[Lesson]:
        return self._lessons

    def status(self) -> Mapping[str, int | float | str]:
        return {"updates": self._num_updates, "good_in_batch": len(self._good)}

    def rounds(self) -> Sequence[Round]:
        """Expressions that are rejected take no trial, others one for each place of c_t."""
        num_trials = max(self._min_good, self._min_results - self._max_failed)
        until = "all trials are grown by an agent that has learnt from none"
        return [Round("update", num_trials, until, or_more=True)]

    # --- growing ---

    def _new(self) -> _Architecture:
        if self._seeds:
            seed = self._seeds.popleft()
            return _Architecture(self._agent.tokens(seed), deque([seed]), "warm start")
        epsilon = self._epsilon
        rejected = []
        for _ in range(self._max_attempts):
            tokens = self._agent.grow(epsilon)
            candidates = self._memory_places(self._agent.expression(tokens))
            if not candidates:
                rejected.append(tokens)
            elif self.space.decode(candidates[0]).key in self._proposed_keys:
                epsilon = min(1, 2 * epsilon)
            else:
                return _Architecture(tokens, deque(candidates), "grown", rejected)
        sample = self.space.sample(self._rng)
        candidates = self._memory_places(sample)
        return _Architecture(self._agent.tokens(sample), deque(candidates), "random", rejected)

    def _memory_places(self, expression: Expression) -> Sequence[Expression]:
        """The expression with c_t from each valid place, or from as many as may be tried."""
        places = self.space.memory_places(expression)
        if self._max_memory_places is None or len(places) <= self._max_memory_places:
            return places
        return self._rng.sample(places, self._max_memory_places)

    # --- learning ---

    def _take_in(self, architecture: _Architecture) -> None:
        result = _Result(architecture.tokens, architecture.fitness, architecture.counts)
        (self._good if result.fitness > -math.inf else self._failed).append(result)
        failed = [*self._failed, *self._rejected][: self._max_failed]
        if len(self._good) >= max(self._min_good, self._min_results - len(failed)):
            self._learn([*self._good, *failed])
            for part in (self._good, self._failed, self._rejected):
                part.clear()

    def _learn(self, batch: Sequence[_Result]) -> None:
        rewards, baseline = self._scale.rewards([result.fitness for result in batch])
        advantages = [reward - baseline for reward in rewards]
        self._agent.reinforce([result.tokens for result in batch], advantages)
        self._num_updates += 1
        self._lessons = tuple(
            Lesson(result.number, reward, baseline)
            for result, reward in zip(batch, rewards, strict=True)
            if result.number is not None
        )
