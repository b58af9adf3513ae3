"""Trainings of given cells, as their directories have them, and what they show: means over seeds
and differences, of cells that were trained and measured alike."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from archsearch.archive import Json, Metric
from archsearch.cell import zoo
from archsearch.config import ConfigError
from archsearch.findings.comparisons import telling_values
from archsearch.findings.differences import (
    Difference,
    Interval,
    difference,
    joint_level,
    t_interval,
)
from archsearch.identity import config_hash, training_setting
from archsearch.train.files import CONFIG, FAILED, RESULT
from archsearch.wording import Scale, params_text

SAME_SIZE = 1.02  # the ratio of two numbers of parameters up to which they count as equal
_NAMES = {zoo[name].key: name for name in zoo}


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """facts: its result.json, or failed.json, which has a cause in place of metrics."""

    folder: Path
    facts: Mapping[str, Json]
    config: DictConfig

    @property
    def name(self) -> str:
        return self.folder.resolve().name

    @property
    def cause(self) -> str | None:
        """Why it failed; None where it did not."""
        return self.facts.get("cause")

    @property
    def zoo_name(self) -> str | None:
        """Of the reference that it trained; None for any other cell."""
        return _NAMES.get(self.facts["key"])

    @property
    def cell(self) -> str:
        """A short name."""
        return self.zoo_name or f"cell {self.facts['key'][:8]}"

    @property
    def text(self) -> str:
        """The cell on one line."""
        return " ".join(self.facts["cell"].split())

    @property
    def split(self) -> str:
        """On which it was measured: test, or valid; of a failed one, was to be measured."""
        # The result knows: a later command may have tested what this configuration left.
        is_tested = self.config.get("test") if self.cause else self.facts["test"] is not None
        return "test" if is_tested else "valid"

    @property
    def metric(self) -> float | None:
        return None if self.cause else float(self.facts[self.split])

    @property
    def measured_by(self) -> Metric:
        """As far as the revision that trained it noted what its figures are."""
        known = (self.facts.get(name) for name in ("lower_is_better", "symbol"))
        lower_is_better, symbol = known
        return Metric(self.facts["metric"], lower_is_better, symbol=symbol)


def read_training(folder: Path) -> TrainingRecord:
    """Raises ConfigError where its result cannot be read."""
    has_result = (folder / RESULT).is_file()
    file = folder / (RESULT if has_result else FAILED)
    expected = f"{file}: expected what `python -m archsearch.train` has written"
    try:
        facts = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"{expected} ({error})") from None
    if not isinstance(facts, dict) or "num_params" not in facts:
        raise ConfigError(expected)
    if not (folder / CONFIG).is_file():
        raise ConfigError(f"{folder / CONFIG}: expected the configuration of the training")
    config = OmegaConf.load(folder / CONFIG)
    assert isinstance(config, DictConfig)
    return TrainingRecord(folder, facts, config)


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
        f"{_size_text(one.num_params, other.num_params)} ({sizes})",
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


def trainings_summary(comparison: TrainingComparison) -> str:
    """The best cell that was found and the best reference, as one sentence."""
    scale = comparison.scale
    begin, end = comparison.title, f"The metric: {comparison.split} {scale.heading}."
    if not comparison.ranked:
        return f"{begin}: all trainings failed."
    if not comparison.pairs:
        return f"{begin}: {_standing(comparison.ranked[0], None, scale)}. {end}"
    one, other = comparison.pairs[0]
    words = _standing(one, other, scale)
    size = _size_text(one.num_params, other.num_params)
    return f"{begin}: {words}; {size}, {comparison.differences[0].verdict}. {end}"


def _standing(one: TrainedCell, other: TrainedCell | None, scale: Scale) -> str:
    """Such as "lstm 12.631 with 59.7k parameters; gru 12.931 with 26.7k"."""
    mean, size = scale.text(one.interval.mean), params_text(one.num_params)
    words = f"{one.name} {mean} with {size} parameters"
    if other is None:
        return f"{words}; nothing beside it"
    best = "best reference " if one.is_reference != other.is_reference else ""
    mean, size = scale.text(other.interval.mean), params_text(other.num_params)
    return f"{words}; {best}{other.name} {mean} with {size}"


def _size_text(one: int | None, other: int | None) -> str:
    """Whether two numbers of parameters are as good as equal."""
    if one is None or other is None:
        return "at sizes that are not known"
    is_same = max(one, other) <= SAME_SIZE * min(one, other)
    return "at equal size" if is_same else "not at equal size"
