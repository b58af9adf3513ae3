"""What the controller of NAS is rewarded with for an architecture's fitness (Zoph & Le 2016)."""

import math
from collections.abc import Callable
from typing import Literal

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
