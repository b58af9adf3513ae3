"""Whether runs show that one way to search is better than another.

Runs under the same seed are a pair: they train the same reference cells to the same figures. The
mean of the pairs' differences has Student's t interval. Where many settings are compared, some
interval misses zero by chance; by Bonferroni's inequality m intervals at the level 1 − 0.05/m hold
all at once with a probability of 95% at least.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

from scipy.special import stdtrit  # type: ignore[import-untyped]

from archsearch.report.best_so_far import course
from archsearch.report.settings import Comparison, Setting

BASELINE = "random"
MAX_ALL_PAIRS = 5  # settings of which every two are compared; of more, each with the baseline
LEVEL = 0.95


class Interval(NamedTuple):
    """A mean with its bounds, which are infinite for one value. All three are NaN for no value, and
    where one is NaN."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """What setting `one` reached minus what `other` reached, in the metric, over shared seeds.

    equal: what was held equal, such as "100 trials".
    """

    one: str
    other: str
    equal: str
    differences: tuple[float, ...]
    interval: Interval
    lower_is_better: bool

    @property
    def is_shown(self) -> bool:
        return self.interval.low > 0 or self.interval.high < 0

    @property
    def sentence(self) -> str:
        count = len(self.differences)
        pair = f"{self.one} and {self.other} after {self.equal}"
        if count == 0:
            return f"{pair}: no seed under which both found a cell."
        if count == 1:
            return f"{pair}: one seed, which cannot show whether there is a difference."
        if self.is_shown:
            is_better = (self.interval.mean < 0) == self.lower_is_better
            which = self.one if is_better else self.other
            return f"{pair}: the data show that {which} is better, over {count} seeds."
        few = ", and two seeds rarely could" if count == 2 else ""
        return f"{pair}: {count} seeds do not show a difference{few}."


def t_interval(values: Sequence[float], level: float = LEVEL) -> Interval:
    """Student's, for the mean of independent normal values."""
    if not values or any(map(math.isnan, values)):
        return Interval(math.nan, math.nan, math.nan)
    mean = statistics.fmean(values)
    if len(values) == 1:
        return Interval(mean, -math.inf, math.inf)
    factor = float(stdtrit(len(values) - 1, 0.5 + level / 2))
    half = factor * statistics.stdev(values) / math.sqrt(len(values))
    return Interval(mean, mean - half, mean + half)


def paired_differences(comparison: Comparison) -> list[Difference]:
    """At the largest number of trials that all runs of a pair of settings have, and at the most
    seconds of compute that all of them took."""
    pairs = compared_pairs(comparison.settings)
    level = 1 - (1 - LEVEL) / max(1, len(pairs))
    found = []
    for one, other in pairs:
        seeds = [seed for seed in one.by_seed if seed in other.by_seed]
        courses = [(course(one.by_seed[seed]), course(other.by_seed[seed])) for seed in seeds]
        ran = [pair for pair in courses if all(c.num_trials for c in pair)]
        trials = min((c.num_trials for pair in ran for c in pair), default=0)
        seconds = min((c.total_seconds for pair in ran for c in pair), default=0.0)
        reached = {
            f"{trials} trials": [[c.after_trials(trials) for c in pair] for pair in ran],
            f"{seconds:.0f} s of compute": [[c.after_seconds(seconds) for c in p] for p in ran],
        }
        for equal, metrics in reached.items():
            values = tuple(a - b for a, b in metrics if not math.isnan(a - b))
            interval = t_interval(values, level)
            lower = comparison.lower_is_better
            found.append(Difference(one.label, other.label, equal, values, interval, lower))
    return found


def compared_pairs(settings: Sequence[Setting]) -> list[tuple[Setting, Setting]]:
    """All pairs of few settings; of many, each with random search on the same cell space."""
    if len(settings) <= MAX_ALL_PAIRS:
        return list(combinations(settings, 2))
    return [
        (setting, baseline)
        for setting in settings
        if (baseline := baseline_of(setting, settings, same_space=True)) is not None
    ]


def baseline_of(
    setting: Setting, settings: Sequence[Setting], *, same_space: bool
) -> Setting | None:
    """Random search beside this setting: on the same cell space, or else, where that is enough,
    on any."""
    if setting.search == BASELINE:
        return None
    found = [other for other in settings if other.search == BASELINE]
    near = [other for other in found if other.cell_space == setting.cell_space]
    choice = near if same_space else [*near, *found]
    return choice[0] if choice else None
