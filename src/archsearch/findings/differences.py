"""Whether runs show that one way to search, or one cell, is better than another.

Runs under the same seed are a pair: they train the same reference cells to the same figures. The
mean of the pairs' differences has Student's t interval. Where many settings are compared, some
interval misses zero by chance; by Bonferroni's inequality m intervals at the level 1 − 0.05/m hold
all at once with a probability of 95% at least.
"""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

from scipy.special import stdtrit

from archsearch.findings.comparisons import Comparison, Setting
from archsearch.findings.course import course
from archsearch.wording import ONE_SEED

BASELINE = "archsearch.search.RandomSearch"
LEAST_SEEDS = 3  # that show something; the interval of two is 12.7 standard errors wide each way
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
    """What `one` reached minus what `other` reached, in the metric, over shared seeds.

    under: what both had, such as "after 100 trials".
    """

    one: str
    other: str
    under: str
    differences: tuple[float, ...]
    interval: Interval
    lower_is_better: bool | None

    @property
    def is_shown(self) -> bool:
        is_one_sided = self.interval.low > 0 or self.interval.high < 0
        return len(self.differences) >= LEAST_SEEDS and is_one_sided

    @property
    def sentence(self) -> str:
        return f"{self.one} and {self.other}, {self.under}: {self.verdict}."

    @property
    def verdict(self) -> str:
        """What the data show of the two."""
        count = len(self.differences)
        if count == 0:
            return "no seed under which both have a result"
        if count == 1:
            return ONE_SEED
        if count < LEAST_SEEDS:
            return f"{count} seeds show no difference; an interval takes {LEAST_SEEDS}"
        if self.is_shown and self.lower_is_better is None:
            return f"the data show a difference, over {count} seeds"
        if self.is_shown:
            is_better = (self.interval.mean < 0) == self.lower_is_better
            which = self.one if is_better else self.other
            return f"the data show that {which} is better, over {count} seeds"
        return f"{count} seeds do not show a difference"


def difference(
    names: tuple[str, str],
    under: str,
    metrics: Iterable[tuple[float, float]],
    level: float,
    *,
    lower_is_better: bool | None,
) -> Difference:
    """Of what the two reached under each seed that they share; a seed with a NaN tells nothing."""
    values = tuple(a - b for a, b in metrics if not math.isnan(a - b))
    return Difference(*names, under, values, t_interval(values, level), lower_is_better)


def joint_level(count: int) -> float:
    """Of each of so many intervals, that all hold at once at the usual level."""
    return 1 - (1 - LEVEL) / max(1, count)


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
    level = joint_level(len(pairs))
    found = []
    for one, other in pairs:
        seeds = [seed for seed in one.by_seed if seed in other.by_seed]
        courses = [(course(one.by_seed[seed]), course(other.by_seed[seed])) for seed in seeds]
        ran = [pair for pair in courses if all(c.num_trials for c in pair)]
        trials = min((c.num_trials for pair in ran for c in pair), default=0)
        seconds = min((c.total_seconds for pair in ran for c in pair), default=0.0)
        at_trials = [(a.after_trials(trials), b.after_trials(trials)) for a, b in ran]
        at_seconds = [(a.after_seconds(seconds), b.after_seconds(seconds)) for a, b in ran]
        names, lower = (one.label, other.label), comparison.metric.lower_is_better
        found += [
            difference(names, under, metrics, level, lower_is_better=lower)
            for under, metrics in (
                (f"after {trials} trials", at_trials),
                (f"after {seconds:.0f} s of compute", at_seconds),
            )
        ]
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


def is_baseline(setting: Setting) -> bool:
    return str(setting.runs[0].config["search"]["_target_"]) == BASELINE


def _space(setting: Setting) -> object:
    return setting.runs[0].config["cell_space"]


def baseline_of(
    setting: Setting, settings: Sequence[Setting], *, same_space: bool
) -> Setting | None:
    """Random search beside this setting: on the same cell space, or else, where that is enough,
    on any."""
    if is_baseline(setting):
        return None
    found = [other for other in settings if is_baseline(other)]
    near = [other for other in found if _space(other) == _space(setting)]
    choice = near if same_space else [*near, *found]
    return choice[0] if choice else None
