"""The commands that go on from a search: again, longer, at equal size, taken home.

Each can be pasted as it is: it names the files of conf/ that the search was made of, and every
value of its configuration that they do not give.
"""

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig, OmegaConf

from archsearch.archive import Asked, Trial
from archsearch.cell import zoo
from archsearch.conf_files import conf_folder
from archsearch.config import register
from archsearch.config_tree import ABSENT, side_by_side, value_at
from archsearch.identity import SEARCH_IDENTITY
from archsearch.override_text import override_text

SEARCHED = (
    "task", "budget", "model", "trainer", "cell_space", "predictor", "suite", "search",
)  # fmt: skip
TRAINED = ("task", "budget", "model", "trainer")
LONGER = 5  # times the epochs of a trial
FRESH_SEEDS = (101, 102, 103)  # beyond the run's own, under which the best cell was chosen
# Where a training is told what a candidate brought along.
HYPERPARAMETERS = {
    "learning_rate": "trainer.schedule.lr",
    "clip_norm": "trainer.clip_norm",
    "num_layers": "budget.num_layers",
    "init_scale": "model.init_scale",
}

Config = Mapping[str, Any]


@dataclass(frozen=True)
class FollowUp:
    """What can be done next with a search.

    folder: of the run. config: of the run, resolved; plain dicts, lists and values.
    references: names of its reference cells.
    """

    folder: Path
    asked: Asked
    config: Config
    references: Iterable[str]

    def search_again(self) -> str:
        """The same search, in another directory or revision."""
        keys = [key for key in (*SEARCH_IDENTITY, "compute_seconds") if key != "seed"]
        return self._command(
            "archsearch",
            [],
            self._setting("config", SEARCHED, keys),
            [f"seed={self.config['seed']}", f"trials={self.config['trials']}"],
        )

    def without_predictor(self) -> str:
        """The same search with every training done in full."""
        asked = replace(self.asked, choices={**self.asked.choices, "predictor": "none"})
        config = {**self.config, "predictor": None}
        return replace(self, asked=asked, config=config).search_again()

    def train_longer(self, best: Trial) -> str:
        """The best cell for several times the epochs of its trial."""
        epochs = LONGER * self.config["budget"]["epochs"]
        own_size = [_size(best)] if "num_params" in best.candidate.hyperparameters else []
        return self._command(
            "archsearch.train",
            [f"cell={override_text(str(self.folder))}"],
            self._setting("train", TRAINED, TRAINED),
            [*self._brought_along(best), *own_size, f"budget.epochs={epochs}"],
        )

    def train_at_equal_size(self, best: Trial) -> str | None:
        """The best cell and the references with as many parameters each, under fresh seeds.

        None where there is nothing to hold it against: no known reference, or a network whose size
        no width decides.
        """
        known = [f"zoo/{name}" for name in self.references if name in zoo]
        if best.num_params is None or not known:
            return None
        cells = ",".join([override_text(str(self.folder)), *known])
        seeds = ",".join(str(self.config["seed"] + seed) for seed in FRESH_SEEDS)
        return self._command(
            "archsearch.train",
            ["-m", f"cell={cells}"],
            self._setting("train", TRAINED, TRAINED),
            [*self._brought_along(best), _size(best), f"seed={seeds}"],
        )

    def take_home(self) -> str:
        return shlex.join(["python", "-m", "archsearch.export", str(self.folder)])

    def _command(
        self, module: str, first: Sequence[str], setting: Sequence[str], last: Sequence[str]
    ) -> str:
        folder = self.asked.config_dir
        own = ["--config-dir", folder] if folder else []
        return shlex.join(["python", "-m", module, *own, *first, *setting, *last])

    def _setting(self, command: str, groups: Sequence[str], keys: Sequence[str]) -> list[str]:
        """What this command must be told, beside its own defaults, to have the run's values under
        these keys, with the run's data."""
        wanted = {group: self.asked.choices.get(group) for group in groups}
        chosen = [f"task={wanted['task']}"]
        usual, _ = _composed(command, self.asked.config_dir, tuple(chosen))
        chosen += [
            f"{group}={choice}"
            for group, choice in wanted.items()
            if group != "task" and choice is not None and choice != usual.get(group)
        ]
        _, composed = _composed(command, self.asked.config_dir, tuple(chosen))
        differing = [
            override
            for key in ("data", *keys)
            if key in self.config and key in composed
            for override in _differing(self.config[key], composed[key], key, self.config)
        ]
        return [*chosen, *differing]

    def _brought_along(self, best: Trial) -> list[str]:
        return [
            f"{'' if _known(self.config, key) else '+'}{key}={override_text(value)}"
            for name, value in best.candidate.hyperparameters.items()
            if (key := HYPERPARAMETERS.get(name))
        ]


def _size(best: Trial) -> str:
    return f"match_parameters={best.num_params}"


@cache
def _composed(
    command: str, config_dir: str | None, overrides: tuple[str, ...]
) -> tuple[Config, Config]:
    """The choices of a command under these overrides, and its configuration with interpolations as
    they are written; but for that of `data`, which names no file of its own."""
    register()
    own = [f"hydra.searchpath=[file://{config_dir}]"] if config_dir else []
    with _composing():
        composed = compose(command, [*own, *overrides], return_hydra_config=True)
    choices = dict(composed.hydra.runtime.choices)
    data = OmegaConf.to_container(composed.data, resolve=True)
    plain = {str(key): _plain(composed, key) for key in composed if key not in ("hydra", "data")}
    return choices, {**plain, "data": data}


@contextmanager
def _composing() -> Iterator[None]:
    """Hydra composes for one command in a process; one that runs already gets its place back."""
    hydra = GlobalHydra.instance()
    running = hydra.hydra
    hydra.clear()
    try:
        with initialize_config_dir(conf_folder(), version_base="1.3"):
            yield
    finally:
        hydra.clear()
        if running is not None:
            hydra.initialize(running)


def _plain(config: DictConfig, key: Any) -> Any:
    node: Any = config._get_node(key)
    return OmegaConf.to_container(node) if OmegaConf.is_config(node) else node._value()


def _differing(run: Any, composed: Any, path: str, config: Config) -> Iterator[str]:
    """Overrides that turn the composed value into the run's. Keys that the run lacks are those of
    a later revision, which leaves them as they are."""
    for place, own, there in side_by_side(run, composed, path):
        if there is ABSENT:
            yield f"+{place}={override_text(own)}"
        elif not _says(there, own, config):
            yield f"{place}={override_text(own)}"


def _says(composed: Any, value: Any, config: Config) -> bool:
    """Whether the composed value comes to this one in the run's configuration."""
    if not (isinstance(composed, str) and composed.startswith("${")):
        return bool(composed == value or (composed in ({}, None) and value in ({}, None)))
    name = composed[2:-1]
    # What a function makes of other values follows from them.
    return ":" in name or bool(value_at(config, name) == value)


def _known(config: Config, path: str) -> bool:
    parent, _, key = path.rpartition(".")
    return key in (value_at(config, parent) or {})
