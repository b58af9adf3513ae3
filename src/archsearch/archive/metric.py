"""What trials are measured by, and how their fitness follows from it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class FitnessRule(StrEnum):
    """How fitness, of which more is better, follows from a metric."""

    METRIC = "metric"
    HUNDREDTH = "metric / 100"
    NEGATIVE = "-metric"
    LOGARITHM = "-ln metric"
    BITS = "-metric ln 2"

    @property
    def lower_is_better(self) -> bool:
        """Of the metric."""
        return self.value.startswith("-")

    def fitness(self, metric: float) -> float:
        return _FORMULAS[self][0](metric)

    def metric(self, fitness: float) -> float:
        """The metric that has this fitness."""
        return _FORMULAS[self][1](fitness)


# Of each rule the fitness of a metric, and the metric that has a fitness.
_FORMULAS: dict[FitnessRule, tuple[Callable[[float], float], Callable[[float], float]]] = {
    FitnessRule.METRIC: (lambda metric: metric, lambda fitness: fitness),
    FitnessRule.HUNDREDTH: (lambda metric: metric / 100, lambda fitness: fitness * 100),
    FitnessRule.NEGATIVE: (lambda metric: -metric, lambda fitness: -fitness),
    FitnessRule.LOGARITHM: (lambda metric: -math.log(metric), lambda fitness: math.exp(-fitness)),
    FitnessRule.BITS: (
        lambda metric: -metric * math.log(2),
        lambda fitness: -fitness / math.log(2),
    ),
}


@dataclass(frozen=True, slots=True)
class Metric:
    """What a figure is, as the task says that measured it; what nobody wrote down is None.

    name: such as "perplexity".
    symbol: what is predicted one at a time, such as "character"; None where it is no text, too.
    """

    name: str = "metric"
    lower_is_better: bool | None = None
    rule: FitnessRule | None = None
    symbol: str | None = None

    @classmethod
    def under(cls, rule: FitnessRule, name: str, symbol: str | None = None) -> "Metric":
        """One whose fitness follows by this rule."""
        return cls(name, rule.lower_is_better, rule, symbol)
