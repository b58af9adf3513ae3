"""What a report knows of a search: read from its directory once, and never written to.

The search may still be at work: its archive is opened to look only, and what it had finished by
then is what there is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import OmegaConf

from archsearch.archive import ARCHIVE_FILE, Archive, Json, RunInfo, Trial
from archsearch.config import CONFIG_FILE, ConfigError, check_is_own
from archsearch.follow_up import FollowUp
from archsearch.search.callbacks.standings import fittest
from archsearch.search.callbacks.wording import reference_name


@dataclass(frozen=True, slots=True)
class Choices:
    """Which files of conf/ a run was made of; where an earlier revision began it and did not write
    that down, what its configuration calls them."""

    task: str
    budget: str
    search: str
    cell_space: str


@dataclass(frozen=True)
class RunRecord:
    """A search as its directory has it.

    config: resolved; plain dicts, lists and values.
    metric_name: such as "perplexity"; "metric" where the configuration is of a revision whose
        classes are gone.
    trials: in the order in which the strategy heard of them, reference cells among them. Their
        architectures are `StoredArchitecture`s.
    """

    folder: Path
    info: RunInfo
    config: Mapping[str, Json]
    choices: Choices
    metric_name: str
    trials: tuple[Trial, ...]

    @property
    def name(self) -> str:
        """The directory's, by which its user knows it."""
        return self.folder.resolve().name

    @property
    def seed(self) -> int:
        return int(self.config["seed"])

    @cached_property
    def references(self) -> Mapping[str, Trial]:
        """The reference cells by name."""
        named = ((reference_name(trial.candidate), trial) for trial in self.trials)
        return {name: trial for name, trial in named if name is not None}

    @cached_property
    def proposed(self) -> tuple[Trial, ...]:
        """The strategy's own trials."""
        return tuple(trial for trial in self.trials if not trial.candidate.is_reference)

    @cached_property
    def best(self) -> Trial | None:
        """The fittest of the strategy's own, the first of equal ones; None if all failed."""
        return fittest(self.proposed)

    @cached_property
    def lower_is_better(self) -> bool:
        """Of the metric. Where an earlier revision did not write it down, as the trials' fitness
        shows; True where no two trials tell."""
        if self.info.beginning is not None:
            return self.info.beginning.lower_is_better
        ok = sorted(
            (trial for trial in self.trials if trial.metric is not None), key=lambda t: t.fitness
        )
        if not ok:
            return True
        worst, best = ok[0].metric, ok[-1].metric
        assert worst is not None
        assert best is not None
        return best <= worst

    @property
    def follow_up(self) -> FollowUp | None:
        """None where an earlier revision began the run: what was chosen is not known."""
        beginning = self.info.beginning
        return None if beginning is None else FollowUp(self.folder, beginning, self.config)

    @cached_property
    def by_number(self) -> Mapping[int, Trial]:
        return {trial.candidate.number: trial for trial in self.trials}


def is_search(folder: Path) -> bool:
    """Whether the directory is that of a search."""
    return (folder / ARCHIVE_FILE).is_file()


def read_run(folder: Path) -> RunRecord:
    """The search in this directory; it may still be running, or have been killed.

    Raises:
        ArchiveError: there is no archive that can be read.
        ConfigError: the configuration names classes that are not archsearch's.
    """
    with Archive.read(folder) as archive:
        info, trials = archive.run, tuple(archive.stored_trials())
    config = _read_config(folder / CONFIG_FILE, info)
    return RunRecord(
        folder, info, config, _choices(info, config), _metric_name(folder, info, config), trials
    )


def _read_config(file: Path, info: RunInfo) -> dict[str, Any]:
    """The resolved configuration; the archive has the part of it that decides results."""
    if not file.is_file():
        return dict(info.config)
    config = OmegaConf.to_container(OmegaConf.load(file))
    if not isinstance(config, dict):
        raise ConfigError(f"{file}: expected the configuration of a search, got {config!r:.40}")
    return {str(key): value for key, value in config.items()}


def _choices(info: RunInfo, config: Mapping[str, Any]) -> Choices:
    if info.beginning is not None:
        chosen = info.beginning.choices
        return Choices(chosen["task"], chosen["budget"], chosen["search"], chosen["cell_space"])
    classes = (config[group]["_target_"].rpartition(".")[2] for group in ("search", "cell_space"))
    return Choices(config["task"]["name"], config["budget"]["name"], *classes)


def _metric_name(folder: Path, info: RunInfo, config: Mapping[str, Any]) -> str:
    if info.beginning is not None:
        return info.beginning.metric_name
    if config.get("suite"):
        return f"result relative to {config['suite'].get('baseline', 'gru')}"
    if "metric" in config["task"]:
        return str(config["task"]["metric"])
    task = OmegaConf.create(config["task"])
    check_is_own(task, folder / CONFIG_FILE)
    try:  # classes of tasks take seconds to import
        return str(instantiate(task).metric_name)
    except InstantiationException:
        return "metric"
