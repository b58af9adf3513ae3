"""Directories of searches as `python -m archsearch` leaves them, without a search.

Their trials are drawn: cells from a handful, parents among earlier trials, metrics that get better
with the number of the trial.
"""

import functools
import math
import random
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf
from toy_search import toy_beginning, toy_cell

from archsearch.archive import (
    ARCHIVE_FILE,
    REFERENCE,
    Archive,
    Asked,
    Beginning,
    Candidate,
    Epoch,
    Origin,
    RunInfo,
    Status,
    Trial,
)
from archsearch.cell import Cell, zoo
from archsearch.conf_files import conf_folder
from archsearch.config import CONFIG_FILE, register
from archsearch.identity import config_hash, identity

REFERENCES = {"rnn": 13.6, "lstm": 13.1, "gru": 12.9}
CELL_SPACES = {
    "nas_controller_small": "nas_base",
    "random_ranking_small": "dsl_core",
    "rl_generator_small": "dsl_extended",
}
FAILURES = (Status.DIVERGED, Status.TIMEOUT, Status.CRASHED)


def configuration(search: str, seed: int, **overrides: Any) -> DictConfig:
    """A search's, as a command would compose it."""
    composed = _composed(search, seed, **overrides)
    del composed["hydra"]
    return composed


def _composed(search: str, seed: int, **overrides: Any) -> DictConfig:
    register()
    choices = {
        "search": search,
        "cell_space": CELL_SPACES.get(search, "gp_tree"),
        "seed": seed,
        **overrides,
    }
    words = [f"{key}={value}" for key, value in choices.items()]
    with initialize_config_dir(conf_folder(), version_base="1.3"):
        composed = compose("config", words, return_hydra_config=True)
    OmegaConf.set_struct(composed, False)
    return composed


def beginning(search: str, seed: int, **overrides: Any) -> Beginning:
    """What a command keeps of a run as it begins."""
    choices = dict(_composed(search, seed, **overrides).hydra.runtime.choices)
    words = tuple(f"{key}={value}" for key, value in overrides.items())
    return replace(toy_beginning(), asked=Asked(choices, words, None))


@functools.cache
def cells() -> tuple[Cell, ...]:
    return tuple(toy_cell((i % 3, i // 3 % 3, i // 9 % 3)) for i in range(27))


@dataclass
class TrialMaker:
    """Draws one trial after another, references first."""

    seed: int
    search: str = "gp_neat_small"
    details: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._rng = random.Random(f"{self.search} {self.seed}")

    def references(self) -> list[Trial]:
        return [
            self._ok(Candidate(number, zoo[name], None, Origin(REFERENCE, (), {"name": name})), at)
            for number, (name, at) in enumerate(REFERENCES.items())
        ]

    def proposed(self, number: int) -> Trial:
        rng = self._rng
        is_first = number < 7
        parents = () if is_first else (rng.randrange(3, number),)
        details = {
            "generation": number // 10,
            "species": rng.randrange(1 + number // 10),
            **({} if is_first else {"mutations": [rng.choice(["insert", "replace"])]}),
        }
        origin = Origin("seed" if is_first else "mutation", parents, details)
        candidate = Candidate(number, rng.choice(cells()), [number], origin)
        if rng.random() < 0.1:
            status = rng.choice(FAILURES)
            cause = f"{status} in epoch 1"
            return Trial.failed(candidate, status, self.seed, cause, 2.0, num_params=20_000)
        return self._ok(candidate, 12.5 + 2 * rng.random() * math.exp(-number / 200))

    def _ok(self, candidate: Candidate, metric: float) -> Trial:
        losses = ((1.3, 1.0), (1.1, 2.0), (1.0, 3.0))
        curve = tuple(Epoch(2.5 * by, metric * by, seconds) for by, seconds in losses)
        return Trial(
            candidate, Status.OK, self.seed, curve, metric, -math.log(metric),
            20_000 + 100 * (candidate.number % 50), 3.0 + candidate.number % 3,
            details=self.details,
        )  # fmt: skip


def trials_of(search: str, seed: int, num_trials: int) -> list[Trial]:
    """References and so many more."""
    maker = TrialMaker(seed, search)
    return [*maker.references(), *(maker.proposed(number) for number in range(3, 3 + num_trials))]


def write_run(root: Path, search: str, seed: int, num_trials: int, **overrides: Any) -> Path:
    """The directory of a search of so many trials beside the references, under `root`."""
    cfg = configuration(search, seed, trials=max(1, num_trials), **overrides)
    return write_trials(root, search, cfg, trials_of(search, seed, num_trials), **overrides)


def write_trials(
    root: Path, search: str, cfg: DictConfig, trials: list[Trial], **overrides: Any
) -> Path:
    part = identity(cfg)
    space = CELL_SPACES.get(search, "gp_tree")
    name = f"xml-tiny-{search}-{space}-seed{cfg.seed}-{config_hash(part)[:8]}"
    folder = root / name
    folder.mkdir(parents=True)
    OmegaConf.save(cfg, folder / CONFIG_FILE, resolve=True)
    run = RunInfo(name, config_hash(part), part, "0123456789ab")
    with Archive.open(f"sqlite:///{folder / ARCHIVE_FILE}", run) as archive:
        archive.begin(beginning(search, cfg.seed, **overrides))
        for trial in trials:
            archive.append(trial)
    return folder
