"""Learning curves that are known: a power law towards a floor, in ln perplexity."""

import math
import random


def toy_curve(floor: float, height: float, rate: float, num_epochs: int = 40) -> list[float]:
    """Fitness after each epoch: −(floor + height · epoch^−rate)."""
    return [-(floor + height * epoch**-rate) for epoch in range(1, num_epochs + 1)]


def toy_curves(count: int, seed: int) -> list[list[float]]:
    """Different curves, one in ten of which fails on the way."""
    rng = random.Random(seed)
    curves = []
    for number in range(count):
        curve = toy_curve(rng.uniform(4, 6), rng.uniform(0.5, 3), rng.uniform(0.2, 1))
        if number % 10 == 9:
            curve = [*curve[: rng.randrange(5)], math.nan]
        curves.append(curve)
    return curves
