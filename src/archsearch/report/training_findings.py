"""What trainings show: cells under one setting, their means over seeds, and their differences."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

from archsearch.config import config_hash, training_setting
from archsearch.report.differences import (
    Difference,
    Interval,
    difference,
    joint_level,
    t_interval,
)
from archsearch.report.settings import telling_values
from archsearch.report.training_record import TrainingRecord
from archsearch.report.verdict import Scale, size_text
from archsearch.search.callbacks.wording import params_text


@dataclass(frozen=True)
class TrainedCell:
    """The trainings of one cell under a setting, in the order of their seeds."""

    trainings: tuple[TrainingRecord, ...]

    @property
    def first(self) -> TrainingRecord:
        return self.trainings[0]

    @property
    def name(self) -> str:
        return self.first.cell

    @property
    def is_reference(self) -> bool:
        return self.first.zoo_name is not None

    @property
    def num_params(self) -> int | None:
        return self.first.facts["num_params"]  # type: ignore[no-any-return]

    @property
    def num_failed(self) -> int:
        return len(self.trainings) - len(self.done)

    @cached_property
    def done(self) -> tuple[TrainingRecord, ...]:
        """Those that did not fail."""
        return tuple(training for training in self.trainings if training.cause is None)

    @cached_property
    def by_seed(self) -> Mapping[int, float]:
        return {t.facts["seed"]: t.metric for t in self.done if t.metric is not None}

    @cached_property
    def interval(self) -> Interval:
        """Of the mean over seeds; NaN where all failed."""
        return t_interval([*self.by_seed.values()])


@dataclass(frozen=True)
class TrainingComparison:
    """Cells that were trained and measured alike.

    label: what tells the setting from others of its task; empty where it has one.
    cells: the best mean first; those of which all trainings failed last.
    """

    label: str
    split: str
    scale: Scale
    cells: tuple[TrainedCell, ...]

    @property
    def title(self) -> str:
        first = self.cells[0].first
        title = f"{first.facts['task']}, budget {first.config.budget.name}"
        return f"{title} ({self.label})" if self.label else title

    @cached_property
    def ranked(self) -> tuple[TrainedCell, ...]:
        """The cells that have a mean."""
        return tuple(cell for cell in self.cells if cell.by_seed)

    @property
    def found(self) -> tuple[TrainedCell, ...]:
        return tuple(cell for cell in self.ranked if not cell.is_reference)

    @property
    def reference(self) -> TrainedCell | None:
        """The best one."""
        return next((cell for cell in self.ranked if cell.is_reference), None)

    @property
    def pairs(self) -> tuple[tuple[TrainedCell, TrainedCell], ...]:
        """Each found cell and the best reference; where one of them is missing, every two. The
        first pair is that of the best."""
        if self.reference is not None and self.found:
            return tuple((found, self.reference) for found in self.found)
        return tuple(combinations(self.ranked, 2))

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """Of each pair."""
        level = joint_level(len(self.pairs))
        return tuple(_difference(one, other, level, self.scale) for one, other in self.pairs)


def _difference(one: TrainedCell, other: TrainedCell, level: float, scale: Scale) -> Difference:
    shared = [seed for seed in one.by_seed if seed in other.by_seed]
    sizes = f"{params_text(one.num_params)} and {params_text(other.num_params)} parameters"
    return difference(
        (one.name, other.name),
        f"{size_text(one.num_params, other.num_params)} ({sizes})",
        [(one.by_seed[seed], other.by_seed[seed]) for seed in shared],
        level,
        lower_is_better=scale.metric.lower_is_better,
    )


def compare_trainings(trainings: Sequence[TrainingRecord]) -> list[TrainingComparison]:
    """By task, setting and split, in the order given."""
    groups: dict[tuple[str, str, str], list[TrainingRecord]] = defaultdict(list)
    for training in trainings:
        setting = config_hash(training_setting(training.config))
        groups[training.facts["task"], setting, training.split].append(training)
    labels = _labels({key: group[0] for key, group in groups.items()})
    return [
        _comparison(labels[key], key[2], sorted(group, key=lambda t: t.facts["seed"]))
        for key, group in groups.items()
    ]


def _labels(firsts: Mapping[tuple[str, str, str], TrainingRecord]) -> dict[Any, str]:
    """What tells the settings of a task apart."""
    labels: dict[Any, str] = {}
    for task in {task for task, _, _ in firsts}:
        settings = {key: training for key, training in firsts.items() if key[0] == task}
        configs = [_plain(training) for training in settings.values()]
        parts = sorted({part for config in configs for part in config})
        labels.update(zip(settings, telling_values(configs, parts), strict=True))
    return labels


def _plain(training: TrainingRecord) -> dict[str, Any]:
    return {**training_setting(training.config), "split": training.split}


def _comparison(label: str, split: str, trainings: Sequence[TrainingRecord]) -> TrainingComparison:
    by_cell: dict[str, list[TrainingRecord]] = defaultdict(list)
    for training in trainings:
        by_cell[training.facts["key"]].append(training)
    first = trainings[0]
    known = (t.measured_by for t in trainings if t.measured_by.lower_is_better is not None)
    scale = Scale(next(known, first.measured_by))
    sign = -1 if scale.metric.lower_is_better is False else 1
    cells = [TrainedCell(tuple(group)) for group in by_cell.values()]
    cells.sort(
        key=lambda cell: (not cell.by_seed, sign * cell.interval.mean if cell.by_seed else 0)
    )
    return TrainingComparison(label, split, scale, tuple(cells))
