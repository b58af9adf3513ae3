"""NAS: a recurrent controller that REINFORCE trains to propose better architectures.

Zoph & Le, Neural Architecture Search with Reinforcement Learning (2016), sections 3 and 4:

1. The controller draws an architecture decision by decision; replicas draw many at once.
2. A trained architecture gives a reward R. Its gradient is that of log P(decisions), weighted with
   R − b, where the baseline b is an exponential moving average of the rewards before.
3. Once enough gradients have come together, their mean is one step of Adam.
4. Architectures of convolutional layers become deeper on a schedule.

What the paper leaves open, as decided here: all gradients of a step are taken at the controller's
parameters at that step; a replica of the paper takes its own at those that it drew with, a few
steps older. A failed trial has the reward 0. The first reward is its own baseline. Architectures
that come from outside are learnt from like drawn ones.

Adam divides a gradient by its own size, so the reward's scale does not matter, only its shape.
"""

import math
import random
from collections.abc import Mapping, Sequence

import torch

from archsearch.archive.records import Lesson, Origin, Status, Trial
from archsearch.search.controller_network import ControllerNetwork
from archsearch.search.protocol import Draft, DraftingStrategy, Round
from archsearch.search.reward import REWARDS, Reward
from archsearch.space.decisions import Decisions, DecisionSpace
from archsearch.space.parameters import require
from archsearch.torch_threads import torch_threads


class NASController(DraftingStrategy[Decisions]):
    """Draws from a policy that learns; the defaults are the paper's for recurrent cells.

    reward: c / perplexity², where fitness is −ln perplexity (section 4.2), or c · fitness³, where
        fitness is an accuracy (section 4.1).
    initial_size, size_step, samples_per_size: the schedule of a space whose genomes have a size,
        such as the number of layers; the space's own limits hold.
    max_mutations: of an architecture that was proposed before, until it is a new one (ours).
    """

    searches = (DecisionSpace, "cell_space=nas_base or conv")
    space: DecisionSpace

    def __init__(
        self,
        space: DecisionSpace,
        rng: random.Random,
        *,
        hidden_size: int = 35,
        num_layers: int = 2,
        init_range: float = 0.08,
        learning_rate: float = 0.0005,
        gradients_per_step: int = 10,
        reward: Reward = "inverse_square_perplexity",
        reward_scale: float = 80.0,
        baseline_decay: float = 0.95,
        initial_size: int = 6,
        size_step: int = 2,
        samples_per_size: int = 1600,
        max_mutations: int = 0,
    ) -> None:
        require("hidden_size", hidden_size, 1, math.inf, integer=True)
        require("num_layers", num_layers, 1, math.inf, integer=True)
        require("init_range", init_range, 0, math.inf)
        require("learning_rate", learning_rate, 0, math.inf)
        require("gradients_per_step", gradients_per_step, 1, math.inf, integer=True)
        require("reward_scale", reward_scale, 0, math.inf)
        require("baseline_decay", baseline_decay, 0, 1)
        require("initial_size", initial_size, 1, math.inf, integer=True)
        require("size_step", size_step, 0, math.inf, integer=True)
        require("samples_per_size", samples_per_size, 1, math.inf, integer=True)
        require("max_mutations", max_mutations, 0, math.inf, integer=True)
        if reward not in REWARDS:
            raise ValueError(f"reward: expected one of {', '.join(REWARDS)}, got {reward!r}")
        super().__init__(space)
        self._rng = rng
        self._generator = torch.Generator().manual_seed(rng.getrandbits(63))
        self._network = ControllerNetwork(
            space.vocabulary, hidden_size, num_layers, init_range, self._generator
        )
        self._optimizer = torch.optim.Adam(self._network.parameters(), lr=learning_rate)
        self._gradients_per_step = gradients_per_step
        self._reward = REWARDS[reward]
        self._reward_scale = reward_scale
        self._baseline_decay = baseline_decay
        self._initial_size = initial_size
        self._size_step = size_step
        self._samples_per_size = samples_per_size
        self._max_mutations = max_mutations
        self._num_steps = 0
        self._baseline: float | None = None
        self._lessons: tuple[Lesson, ...] = ()
        self._told: list[tuple[Decisions, float]] = []  # with their advantages, since the last step

    def draft(self) -> Draft[Decisions] | None:
        if self._seeds:
            return self._planted()
        genome = self._network.sample(self.space, self._size, self._generator)
        architecture = self.space.decode(genome)
        num_mutations = 0
        while architecture.key in self._proposed_keys and num_mutations < self._max_mutations:
            genome = self.space.mutate(genome, self._rng)
            architecture = self.space.decode(genome)
            num_mutations += 1
        details = {"step": self._num_steps, "mutations": num_mutations}
        return Draft(genome, architecture, Origin("controller", details=details))

    def tell(self, trial: Trial) -> None:
        genome = self.space.from_json(trial.candidate.genome)
        reward = 0.0
        if trial.status is Status.OK:
            reward = self._reward_scale * self._reward(trial.fitness)
        if self._baseline is None:
            self._baseline = reward
        self._told.append((genome, reward - self._baseline))
        self._lessons = (Lesson(trial.number, reward, self._baseline),)
        self._baseline += (1 - self._baseline_decay) * (reward - self._baseline)
        if len(self._told) == self._gradients_per_step:
            self._learn()

    def lessons(self) -> Sequence[Lesson]:
        return self._lessons

    def status(self) -> Mapping[str, int | float | str]:
        return {"step": self._num_steps, "baseline": self._baseline or 0.0}

    def rounds(self) -> Sequence[Round]:
        until = "all trials are guesses of a controller that has learnt nothing"
        return [Round("controller step", self._gradients_per_step, until)]

    @property
    def _size(self) -> int:
        return self._initial_size + self._num_proposed // self._samples_per_size * self._size_step

    def _learn(self) -> None:
        """REINFORCE (section 3.2): one step along the mean of (R − b) ∇ log P(decisions)."""
        genomes, advantages = zip(*self._told, strict=True)
        steps = [self.space.steps(genome) for genome in genomes]
        with torch_threads(1):
            log_probabilities = self._network.log_probabilities(steps)
            loss = -(torch.tensor(advantages) * log_probabilities).mean()
            self._optimizer.zero_grad()
            torch.autograd.backward(loss)
            self._optimizer.step()
        self._told.clear()
        self._num_steps += 1
