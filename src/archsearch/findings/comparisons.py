"""Which runs may be compared, and which repeat each other under another seed."""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from statistics import fmean
from typing import Any, NamedTuple

from archsearch.archive import Json, Metric, Status, Trial
from archsearch.config_tree import ABSENT, side_by_side, value_at
from archsearch.findings.course import top_mean
from archsearch.run import Run
from archsearch.wording import shortened

CONDITIONS = ("task", "suite", "budget", "model", "trainer")  # of every trial
VALUE_LETTERS = 24  # of a value in a label
WAYS = ("search", "cell_space", "predictor", "screening", "warm_start", "window", "asynchronous")


@dataclass(frozen=True)
class Setting:
    """Runs that differ by seed only, in the order of their seeds."""

    label: str
    runs: tuple[Run, ...]

    @cached_property
    def by_seed(self) -> Mapping[int, Run]:
        return {run.seed: run for run in self.runs}

    @cached_property
    def best_run(self) -> Run:
        """The one with the fittest trial; the first where all trials failed."""
        return _best_run(self.runs)

    @cached_property
    def trials(self) -> tuple[Trial, ...]:
        """The strategy's own, of all runs."""
        return tuple(trial for run in self.runs for trial in run.proposed)

    @property
    def num_failed(self) -> int:
        return sum(trial.status is not Status.OK for trial in self.trials)

    @property
    def best_metrics(self) -> list[float]:
        """Of each run in which not all failed."""
        return [run.best.metric for run in self.runs if run.best and run.best.metric is not None]

    def top_means(self, k: int) -> list[float]:
        """The mean of the k best of each run that has so many."""
        return [mean for run in self.runs if not math.isnan(mean := top_mean(run, k))]

    def num_better(self, reference: str) -> int:
        """How many trials are better than the reference of their own run."""
        return sum(
            trial.fitness > run.references[reference].fitness
            for run in self.runs
            if reference in run.references
            for trial in run.proposed
        )


class Reference(NamedTuple):
    """A reference cell over several seeds: means."""

    metric: float
    fitness: float
    num_params: int | None

    @classmethod
    def of(cls, trials: Sequence[Trial]) -> "Reference":
        metrics = [trial.metric for trial in trials if trial.metric is not None]
        fitness = fmean(trial.fitness for trial in trials)
        return cls(fmean(metrics), fitness, trials[0].num_params)


@dataclass(frozen=True)
class Comparison:
    """Settings whose trials were trained and measured alike."""

    settings: tuple[Setting, ...]

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        return tuple(run for setting in self.settings for run in setting.runs)

    @cached_property
    def best_run(self) -> Run:
        """The same of all settings."""
        return _best_run(self.runs)

    @property
    def title(self) -> str:
        choices = self.runs[0].choices
        return f"{choices.task}, budget {choices.budget}"

    @cached_property
    def metric(self) -> Metric:
        """Of all runs, as the first of them says that knows."""
        known = (run.metric for run in self.runs if run.metric != Metric())
        return next(known, Metric())

    @cached_property
    def references(self) -> Mapping[str, Reference]:
        """Over the runs in which they did not fail."""
        found: dict[str, list[Trial]] = defaultdict(list)
        for run in self.runs:
            for name, trial in run.references.items():
                if trial.metric is not None:
                    found[name].append(trial)
        return {name: Reference.of(trials) for name, trials in found.items()}

    @property
    def best_reference(self) -> str | None:
        """The name of the one with the best mean fitness."""
        known = self.references
        return max(known, key=lambda name: known[name].fitness, default=None)


def _best_run(runs: Sequence[Run]) -> Run:
    return max(runs, key=lambda run: run.best.fitness if run.best else -math.inf)


def compare(runs: Sequence[Run]) -> list[Comparison]:
    """The runs by what their trials were trained and measured on, in the order given.

    Configurations agree where no key has two values. A key that one of them lacks is that of
    another revision, which had no such choice; a metric that one of them does not know may be any.
    """

    def is_alike(group: Sequence[Run], run: Run) -> bool:
        shares_a_metric = all(_may_share_a_metric(run, member) for member in group)
        return shares_a_metric and agree(group[0], run, CONDITIONS)

    return [Comparison(_settings(group)) for group in _grouped(runs, is_alike)]


def _grouped(
    runs: Sequence[Run], fits: Callable[[Sequence[Run], Run], bool]
) -> Sequence[Sequence[Run]]:
    """Each run in the first group that it fits."""
    groups: list[list[Run]] = []
    for run in runs:
        group = next((group for group in groups if fits(group, run)), None)
        if group is None:
            groups.append([run])
        else:
            group.append(run)
    return groups


def _may_share_a_metric(one: Run, other: Run) -> bool:
    return Metric() in (one.metric, other.metric) or one.metric.name == other.metric.name


def agree(one: Run, other: Run, parts: Sequence[str]) -> bool:
    return not any(
        differing_keys(one.config.get(part), other.config.get(part), part) for part in parts
    )


def differing_keys(one: Json, other: Json, path: str) -> list[str]:
    """The dotted keys under which two configurations that have them say different things."""
    return [
        place
        for place, value, there in side_by_side(one, other, path)
        if there is not ABSENT
        and value != there
        and not (_is_nothing(value) and _is_nothing(there))
    ]


def _is_nothing(value: Json) -> bool:
    return value is None or value == {}


def _settings(runs: Sequence[Run]) -> tuple[Setting, ...]:
    def is_another_seed(group: Sequence[Run], run: Run) -> bool:
        seeds = [member.seed for member in group]
        return run.seed not in seeds and agree(group[0], run, WAYS)

    groups = _grouped(runs, is_another_seed)
    # A label is made of what was chosen, where any run of the setting knows that.
    knowing = [next((run for run in g if run.info.beginning), g[0]) for g in groups]
    return tuple(
        Setting(_label(named, knowing), tuple(sorted(group, key=lambda run: run.seed)))
        for named, group in zip(knowing, groups, strict=True)
    )


def _label(run: Run, firsts: Sequence[Run]) -> str:
    """Such as "random on gp_tree", with the fewest values that tell it from others of that name."""
    plain = _plain_label(run)
    namesakes = [other for other in firsts if _plain_label(other) == plain]
    if len(namesakes) == 1:
        return plain
    values = telling_values([each.config for each in namesakes], WAYS)[namesakes.index(run)]
    return f"{plain} ({values or run.info.config_hash[:4]})"


def telling_values(configs: Sequence[Mapping[str, Any]], parts: Sequence[str]) -> list[str]:
    """Of each configuration the fewest values that tell all apart; empty where none do."""
    keys = sorted(
        {
            key
            for one, other in combinations(configs, 2)
            for part in parts
            for key in differing_keys(one.get(part), other.get(part), part)
        }
    )
    for count in range(1, len(keys) + 1):
        texts = [_values(config, keys[:count]) for config in configs]
        if len(set(texts)) == len(texts):
            return texts
    return [""] * len(configs)


def _plain_label(run: Run) -> str:
    return f"{run.choices.search} on {run.choices.cell_space}"


def _values(config: Mapping[str, Any], keys: Sequence[str]) -> str:
    """Such as "population_size=10"."""
    return ", ".join(f"{key.rpartition('.')[2]}={_value(config, key)}" for key in keys)


def _value(config: Mapping[str, Any], key: str) -> str:
    value = value_at(config, key)
    if isinstance(value, Mapping):
        return "{…}"
    return "null" if value is None else shortened(str(value), VALUE_LETTERS)


def unlike(runs: Sequence[Run]) -> list[str]:
    """What runs that are compared do not have in common, as sentences."""
    revisions = sorted({run.info.revision for run in runs})
    machines = sorted({machine.processor for run in runs if (machine := run.machine) is not None})
    said = []
    if len(revisions) > 1:
        said.append(
            f"These runs are of {len(revisions)} revisions of archsearch ({', '.join(revisions)}), "
            "which may train the same cell to another figure."
        )
    if len(machines) > 1:
        said.append(
            f"These runs began on {len(machines)} kinds of processors ({', '.join(machines)}), "
            "whose seconds are not to be compared."
        )
    return said
