"""What a command may be told: the typed top level of conf/, with which Hydra is made familiar."""

from dataclasses import dataclass, field
from typing import Any

from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.config_store import ConfigStore
from hydra.core.object_type import ObjectType
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import MISSING, DictConfig, OmegaConf

from archsearch.conf_files import SWEEPS, config_root
from archsearch.identity import config_hash, identity

CONFIG_FILE = "config.yaml"  # in a run's directory, resolved


class ConfigError(ValueError):
    """A configuration that cannot be run as it stands. The message is one line."""


@dataclass
class DataConfig:
    """Where data lies: corpora under `root`; a user's own in the files that the others name."""

    root: str | None = None
    train: Any = None
    valid: Any = None
    test: Any = None


@dataclass
class ScreeningConfig:
    """A predictor in front of a strategy; see `archsearch.search.screening`."""

    num_drafts: int = 8
    min_trials: int = 16
    refit_every: int = 16


@dataclass
class WarmStartConfig:
    """What earlier runs give to begin with; see `archsearch.search.earlier_runs`."""

    runs: list[str] = field(default_factory=list)
    num_cells: int = 10
    pairs_from: list[str] = field(default_factory=list)


@dataclass
class SearchConfig:
    """The top level of conf/config.yaml; each Any is a group with a schema of its own."""

    task: Any = MISSING
    budget: Any = MISSING
    model: Any = MISSING
    trainer: Any = MISSING
    cell_space: Any = MISSING
    search: Any = MISSING
    predictor: Any = None
    suite: Any = None
    executor: Any = MISSING
    logger: Any = None
    screening: ScreeningConfig = field(default_factory=ScreeningConfig)
    warm_start: WarmStartConfig = field(default_factory=WarmStartConfig)
    references: list[str] | None = None
    trials: int = MISSING
    compute_seconds: float | None = None
    window: int = MISSING
    asynchronous: bool = False
    seed: int = MISSING
    data: DataConfig = field(default_factory=DataConfig)
    output_root: str = MISSING


@dataclass
class TrainConfig:
    """The top level of conf/train.yaml."""

    cell: str = MISSING
    task: Any = MISSING
    budget: Any = MISSING
    model: Any = MISSING
    trainer: Any = MISSING
    match_parameters: str | None = None
    start_from: str | None = None
    test: bool = True
    logger: Any = None
    seed: int = MISSING
    data: DataConfig = field(default_factory=DataConfig)
    output_root: str = MISSING


class SweepsSource(FileConfigSource):
    """The folder of sweeps/ with nothing beside it: Hydra lists whatever it finds, which in a
    checkout were also .venv and outputs, folder by folder."""

    @staticmethod
    def scheme() -> str:
        return "sweeps"

    def is_group(self, config_path: str) -> bool:
        return config_path in ("", SWEEPS)

    def is_config(self, config_path: str) -> bool:
        return config_path.startswith(f"{SWEEPS}/") and super().is_config(config_path)

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:
        if config_path:
            return super().list(config_path, results_filter)
        return [] if results_filter is ObjectType.CONFIG else [SWEEPS]


class SweepsSearchPath(SearchPathPlugin):
    """Lets `+sweeps=name` find sweeps/name.yaml from any working directory."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        search_path.append(provider="archsearch", path=f"{SweepsSource.scheme()}://{config_root()}")


def register() -> None:
    """Make Hydra know the schemas, the sweeps folder and the run directory's name."""
    store = ConfigStore.instance()
    store.store(name="search_schema", node=SearchConfig)
    store.store(name="train_schema", node=TrainConfig)
    Plugins.instance().register(SweepsSource)
    Plugins.instance().register(SweepsSearchPath)
    OmegaConf.register_new_resolver("archsearch.run_name", run_name, replace=True)
    OmegaConf.register_new_resolver("archsearch.text_digest", text_digest, replace=True)


def text_digest(*paths: str | None) -> str:
    """Of a user's own text; see `archsearch.data.own_text`."""
    from archsearch.data import own_text  # here: torch takes seconds, and few runs have such a text

    return own_text.text_digest(*paths)


def run_name(*, _root_: DictConfig) -> str:
    """`ptb-small-gp_neat-gp_tree-seed1-3f2a9c01`: what defines the run; its directory's name."""
    part = identity(_root_)
    choices = _root_.hydra.runtime.choices
    names = [choices["task"], choices["budget"]]
    names += [choices["search"], choices["cell_space"]] if "search" in choices else ["train"]
    return "-".join((*names, f"seed{part['seed']}", config_hash(part)[:8]))
