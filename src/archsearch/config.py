"""How a run is configured: where conf/ lies, the typed top level, checks that name the nearest key.

The groups under conf/ name classes by `_target_`. The constructor of such a class is its schema:
`check` holds every key and value of the composed configuration against the constructors before
anything runs, so a new strategy needs one Python file and one YAML file and nothing else.
"""

import difflib
import hashlib
import inspect
import json
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import hydra
from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.config_store import ConfigStore
from hydra.core.object_type import ObjectType
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import MISSING, DictConfig, ListConfig, OmegaConf
from pydantic import ConfigDict, TypeAdapter, ValidationError

from archsearch.conf_files import SWEEPS, config_root

# What decides a run's results, and so names its directory. Left out on purpose: where data and
# outputs lie, how trials are executed and logged, and `trials`, so that the same command with a
# larger number of trials goes on with the same run.
SEARCH_IDENTITY = (
    "task", "suite", "budget", "model", "trainer", "cell_space", "search", "predictor", "screening",
    "warm_start", "references", "window", "asynchronous", "seed",
)  # fmt: skip
TRAIN_IDENTITY = (
    "task", "budget", "model", "trainer", "cell", "match_parameters",
    "start_from", "seed",
)  # fmt: skip

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


def identity(cfg: DictConfig) -> dict[str, Any]:
    """The part of a search's or a training's configuration that decides its results."""
    keys = SEARCH_IDENTITY if "search" in cfg else TRAIN_IDENTITY
    resolved = {key: cfg.get(key) for key in keys}  # runs of earlier revisions may lack one
    return {
        key: OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value
        for key, value in resolved.items()
    }


def training_setting(cfg: DictConfig) -> dict[str, Any]:
    """What trainings of other cells, or under other seeds, are to share to be compared."""
    return {key: value for key, value in identity(cfg).items() if key not in ("cell", "seed")}


def config_hash(part: Mapping[str, Any]) -> str:
    """Twelve hex digits that differ between configurations that give different results."""
    text = json.dumps(part, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def run_name(*, _root_: DictConfig) -> str:
    """`ptb-small-gp_neat-gp_tree-seed1-3f2a9c01`: what defines the run; its directory's name."""
    part = identity(_root_)
    choices = _root_.hydra.runtime.choices
    names = [choices["task"], choices["budget"]]
    names += [choices["search"], choices["cell_space"]] if "search" in choices else ["train"]
    return "-".join((*names, f"seed{part['seed']}", config_hash(part)[:8]))


def revision() -> str:
    """The checkout's commit, with `+changes` where files differ from it; else the version."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty=+changes", "--abbrev=12", "--exclude=*"],
            cwd=config_root(), capture_output=True, text=True, check=True, timeout=10,
        )  # fmt: skip
        return described.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return metadata.version("archsearch")


def nearest(name: str, known: Iterable[str], prefix: str = "") -> str:
    """`did you mean …?` for the closest known name, or the known names where none is close.

    prefix: what all names have before them, in what is to be typed.
    """
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{prefix}{close[0]}'?"
    return f"known are: {', '.join(known)}"


def check(cfg: DictConfig) -> None:
    """Hold every `_target_` node against its constructor.

    Raises:
        ConfigError: an unknown or missing key, or a value of the wrong kind, with its full name.
    """
    for key, node in cfg.items():
        if isinstance(node, DictConfig):
            _check_node(str(key), node)


def check_is_own(cfg: Any, place: Path) -> None:
    """Make sure that a configuration that came with a directory can run nothing but archsearch.

    Raises:
        ConfigError: a `_target_` names something else, or what this revision does not have.
    """
    for target in _targets(cfg):
        if not target.startswith("archsearch."):
            raise ConfigError(f"{place}: expected classes of archsearch, got {target!r}")
        try:
            found = hydra.utils.get_object(target)
        except (ImportError, ValueError) as error:
            raise ConfigError(f"{place}: this revision of archsearch has no {target!r}") from error
        # "archsearch.main.os.system" has the prefix as well.
        if not str(getattr(found, "__module__", "")).startswith("archsearch."):
            raise ConfigError(f"{place}: expected classes of archsearch, got {target!r}")


def _targets(node: Any) -> list[str]:
    if isinstance(node, ListConfig):
        return [target for child in node for target in _targets(child)]
    if not isinstance(node, DictConfig):
        return []
    own = [str(node["_target_"])] if "_target_" in node else []
    return own + [target for key in node for target in _targets(node[key])]


def _check_node(path: str, node: DictConfig) -> None:
    for key, child in node.items():
        if isinstance(child, DictConfig):
            _check_node(f"{path}.{key!s}", child)
    if "_target_" in node:
        _check_target(path, node)


def _check_target(path: str, node: DictConfig) -> None:
    target = _imported(path, node["_target_"])
    parameters = inspect.signature(target, eval_str=True).parameters
    given = {str(key) for key in node if not str(key).startswith("_")}
    for key in sorted(given - parameters.keys()):
        raise ConfigError(f"{path}.{key}: unknown key; {nearest(key, parameters)}")
    required = {n for n, p in parameters.items() if p.default is p.empty}
    for key in sorted(required - given if not node.get("_partial_") else ()):
        raise ConfigError(f"{path}.{key}: no value given, and {node['_target_']} needs one")
    for key in sorted(given):
        if not isinstance(node[key], DictConfig):
            _check_value(f"{path}.{key}", node[key], parameters[key].annotation)


def _imported(path: str, target: str) -> Any:
    try:
        return hydra.utils.get_object(target)
    except ImportError as error:
        cause = error.__cause__ or error
        raise ConfigError(
            f"{path}._target_: cannot import {target}: {type(cause).__name__}: {cause}; a module "
            "of your own lies in the current folder or in one of PYTHONPATH"
        ) from None


def _check_value(path: str, value: Any, annotation: Any) -> None:
    plain = OmegaConf.to_container(value) if OmegaConf.is_config(value) else value
    adapter = TypeAdapter(annotation, config=ConfigDict(arbitrary_types_allowed=True))
    try:
        adapter.validate_python(plain)
    except ValidationError as error:
        expected = error.errors()[0]["msg"].removeprefix("Input ")
        raise ConfigError(f"{path}={plain!r}: {expected}") from None
