"""What trials are measured by, and how their fitness follows from it."""

import math
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
        match self:
            case FitnessRule.METRIC:
                return metric
            case FitnessRule.HUNDREDTH:
                return metric / 100
            case FitnessRule.NEGATIVE:
                return -metric
            case FitnessRule.LOGARITHM:
                return -math.log(metric)
            case FitnessRule.BITS:
                return -metric * math.log(2)

    def metric(self, fitness: float) -> float:
        """The metric that has this fitness."""
        match self:
            case FitnessRule.METRIC:
                return fitness
            case FitnessRule.HUNDREDTH:
                return fitness * 100
            case FitnessRule.NEGATIVE:
                return -fitness
            case FitnessRule.LOGARITHM:
                return math.exp(-fitness)
            case FitnessRule.BITS:
                return -fitness / math.log(2)


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
