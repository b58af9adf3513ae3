"""What strategies that learn by REINFORCE are rewarded with for an architecture's fitness.

NAS (Zoph & Le 2016): its functions are named, see `REWARDS`.

The generator of the DSL: 0.2·(140 − loss) + 4^(0.3815·(50 − loss)), a "soft exponential" (Schrimpf
et al. 2017, appendix). The better architectures are, the more sharply it tells them apart: down to
a loss of 50 it is nearly a straight line; from there on, every four units make the exponential part
eight times as large.

What the paper leaves open, as decided here: its losses are those of one task; on another the
formula would be flat, or explode. So a loss is put onto the paper's scale by what was found lately:
the best tenth of the architectures have losses of 50 or less, the worst tenth 140 or more, and a
straight line in fitness leads from one to the other. "To keep the reward" between two bounds, says
the text, which has lost them: here they are 0 and 140.
"""

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import mean, quantiles
from typing import Literal

from archsearch.space.parameters import require

Reward = Literal["inverse_square_perplexity", "cubed"]


def _inverse_square_perplexity(fitness: float) -> float:
    if fitness > 0:
        raise ValueError(
            "reward=inverse_square_perplexity: expected a fitness of 0 or less, the negative "
            f"logarithm of a perplexity, got {fitness}: choose search.reward=cubed"
        )
    return math.exp(2 * fitness)


def _cubed(fitness: float) -> float:
    if fitness < 0:
        raise ValueError(
            f"reward=cubed: expected a fitness of 0 or more, such as an accuracy, got {fitness}: "
            "choose search.reward=inverse_square_perplexity"
        )
    return fitness**3


REWARDS: dict[Reward, Callable[[float], float]] = {
    "inverse_square_perplexity": _inverse_square_perplexity,
    "cubed": _cubed,
}


@dataclass(frozen=True, slots=True)
class SoftExponential:
    """The reward of a loss on the paper's scale, from 0 to `max_reward`."""

    poor_loss: float = 140.0
    good_loss: float = 50.0
    linear_rate: float = 0.2
    base: float = 4.0
    exponential_rate: float = 0.3815
    max_reward: float = 140.0

    def __post_init__(self) -> None:
        require("good_loss", self.good_loss, 0, float("inf"))
        require("poor_loss", self.poor_loss, self.good_loss + 1, float("inf"))
        require("linear_rate", self.linear_rate, 0, float("inf"))
        require("base", self.base, 1, 100)
        require("exponential_rate", self.exponential_rate, 0, 1)
        require("max_reward", self.max_reward, 0, float("inf"))

    def __call__(self, loss: float) -> float:
        loss = min(max(loss, 0), self.poor_loss)
        linear = self.linear_rate * (self.poor_loss - loss)
        reward: float = linear + self.base ** (self.exponential_rate * (self.good_loss - loss))
        return min(reward, self.max_reward)


class RewardScale:
    """Puts fitness onto the scale of the reward by the last `window` successful architectures."""

    def __init__(self, reward: SoftExponential, window: int) -> None:
        require("window", window, 10, float("inf"), integer=True)
        self._reward = reward
        self._recent: deque[float] = deque(maxlen=window)

    def rewards(self, fitnesses: Sequence[float]) -> tuple[list[float], float]:
        """Theirs, and the mean reward of recent architectures, among which they are from now on. A
        failed one (−∞) has a reward of 0.

        At least two must not have failed.
        """
        self._recent.extend(fitness for fitness in fitnesses if fitness > -math.inf)
        tenths = quantiles(self._recent, n=10, method="inclusive")
        poor, good = tenths[0], tenths[-1]

        def reward_of(fitness: float) -> float:
            if fitness == -math.inf:
                return 0.0
            # All alike: nobody is poor.
            shortfall = (good - fitness) / (good - poor) if good > poor else 0.0
            losses = self._reward.good_loss, self._reward.poor_loss
            return self._reward(losses[0] + shortfall * (losses[1] - losses[0]))

        return [*map(reward_of, fitnesses)], mean(map(reward_of, self._recent))
