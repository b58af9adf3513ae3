"""A search as its directory has it: read once, and never written to.

The search may still be at work: its archive is opened to look only, and what it had finished by
then is what there is.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import OmegaConf
from typing_extensions import override

from archsearch.archive import ARCHIVE_FILE, Archive, Json, Lesson, Machine, Metric, RunInfo, Trial
from archsearch.config import CONFIG_FILE, ConfigError
from archsearch.findings.standings import Standings
from archsearch.follow_up import FollowUp
from archsearch.wording import metric_text

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, slots=True)
class Choices:
    """Which files of conf/ a run was made of; where an earlier revision began it and did not write
    that down, what its configuration calls them."""

    task: str
    budget: str
    search: str
    cell_space: str


@dataclass(frozen=True)
class Run:
    """A search as its directory had it when it was loaded.

    config: resolved; plain dicts, lists and values.
    trials: in the order in which the strategy heard of them, reference cells among them. Their
        architectures are `StoredArchitecture`s.
    lessons: what a strategy with a policy learnt, by the trials' numbers.
    """

    folder: Path
    info: RunInfo
    config: Mapping[str, Json]
    trials: tuple[Trial, ...]
    lessons: Mapping[int, Lesson]

    @override
    def __repr__(self) -> str:
        parts = [f"{len(self.proposed)} trials", f"{len(self.references)} reference cells"]
        if self.best is not None:
            metric = metric_text(self.best.metric)
            parts.append(f"best: trial {self.best.number}, {self.metric_name} {metric}")
        return f"<Run {self.folder}: {', '.join(parts)}>"

    @property
    def name(self) -> str:
        """The directory's, by which its user knows it."""
        return self.folder.resolve().name

    @property
    def seed(self) -> int:
        return int(self.config["seed"])

    @property
    def metric(self) -> Metric:
        """Of the trials; nothing is known of it where an earlier revision began the run."""
        return Metric() if self.info.beginning is None else self.info.beginning.metric

    @property
    def metric_name(self) -> str:
        return self.metric.name

    @property
    def machine(self) -> Machine | None:
        """What it began on; None where an earlier revision did not note it."""
        return None if self.info.beginning is None else self.info.beginning.machine

    @cached_property
    def choices(self) -> Choices:
        config, beginning = self.config, self.info.beginning
        if beginning is not None:
            chosen = beginning.asked.choices
            return Choices(chosen["task"], chosen["budget"], chosen["search"], chosen["cell_space"])
        search, space = (config[g]["_target_"].rpartition(".")[2] for g in ("search", "cell_space"))
        return Choices(config["task"]["name"], config["budget"]["name"], search, space)

    @cached_property
    def standings(self) -> Standings:
        """How the search stands: best cell, references, failures."""
        return Standings.of(self.trials)

    @property
    def references(self) -> Mapping[str, Trial]:
        """The reference cells by name."""
        return self.standings.references

    @cached_property
    def proposed(self) -> tuple[Trial, ...]:
        """The strategy's own trials."""
        return tuple(trial for trial in self.trials if not trial.candidate.is_reference)

    @property
    def best(self) -> Trial | None:
        """The fittest of the strategy's own, the first of equal ones; None if all failed."""
        return self.standings.best

    @property
    def follow_up(self) -> FollowUp | None:
        """None where an earlier revision began the run: what was chosen is not known."""
        beginning = self.info.beginning
        if beginning is None:
            return None
        return FollowUp(self.folder, beginning.asked, self.config, tuple(self.references))

    @cached_property
    def by_number(self) -> Mapping[int, Trial]:
        return {trial.number: trial for trial in self.trials}

    def to_dataframe(self) -> "pandas.DataFrame":
        """A row for each trial, under its number."""
        try:
            import pandas
        except ImportError:
            raise ImportError("to_dataframe needs pandas; pip install pandas") from None
        rows = [
            {
                "number": trial.number,
                "reference": trial.origin.reference,
                "origin": trial.origin.operation,
                "parents": trial.origin.parents,
                "status": str(trial.status),
                "metric": trial.metric,
                "fitness": trial.fitness,
                "num_params": trial.num_params,
                "wall_seconds": trial.wall_seconds,
                "epochs": len(trial.curve),
                "key": trial.candidate.key,
                "cell": str(trial.candidate.architecture),
                "hyperparameters": dict(trial.candidate.hyperparameters),
                "cause": trial.cause,
            }
            for trial in self.trials
        ]
        return pandas.DataFrame(rows).set_index("number")


def is_search(folder: Path) -> bool:
    """Whether the directory is that of a search."""
    return (folder / ARCHIVE_FILE).is_file()


def load(folder: str | os.PathLike[str]) -> Run:
    """The search in this directory; it may still be at work, or have been killed.

    Raises:
        ArchiveError: there is no search that can be read.
        ConfigError: its configuration cannot be read.
    """
    folder = Path(folder)
    with Archive.read(folder) as archive:
        info, trials, lessons = archive.run, tuple(archive.stored_trials()), archive.lessons()
    return Run(folder, info, _read_config(folder / CONFIG_FILE, info), trials, lessons)


def _read_config(file: Path, info: RunInfo) -> dict[str, Any]:
    """The resolved configuration; the archive has the part of it that decides results."""
    if not file.is_file():
        return dict(info.config)
    config = OmegaConf.to_container(OmegaConf.load(file))
    if not isinstance(config, dict):
        raise ConfigError(f"{file}: expected the configuration of a search, got {config!r:.40}")
    return {str(key): value for key, value in config.items()}
