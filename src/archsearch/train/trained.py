"""What a training leaves in its directory, and the way back from there to the trained network."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from archsearch.architecture import Architecture, read_cell_file
from archsearch.archive.best_weights import WEIGHTS_FILE, known_facts
from archsearch.config import ConfigError, check, check_is_own
from archsearch.data.store import ROOT_VARIABLE
from archsearch.train.budget import Budget
from archsearch.train.files import CELL, CONFIG, RESULT, WEIGHTS
from archsearch.train.task import Task
from archsearch.train.weights import load_into


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a training worked on: task, architecture, budget (with the width that was matched) and
    the network."""

    task: Task
    architecture: Architecture
    budget: Budget
    network: torch.nn.Module


@dataclass(frozen=True, slots=True)
class Trained:
    """A finished training; the network has its weights and is for evaluation."""

    folder: Path
    config: DictConfig
    result: dict[str, Any]
    rebuilt: Rebuilt


def is_training(folder: Path) -> bool:
    """Whether this is the directory of a finished training."""
    return not _missing(folder)


def read_trained(folder: Path) -> Trained:
    """What is in a training's directory. Its data is loaded for the vocabulary, from where the
    training had it unless ARCHSEARCH_DATA says otherwise.

    Raises:
        ConfigError: the folder is not that of a finished training; see also `rebuild`.
        DataError: the data is missing.
    """
    if missing := _missing(folder):
        raise ConfigError(
            f"{folder}: expected the directory of a finished `python -m archsearch.train`, "
            f"found no {', '.join(missing)}"
        )
    config = OmegaConf.load(folder / CONFIG)
    assert isinstance(config, DictConfig)
    _find_data(config)
    result, architecture = read_result(folder), read_cell_file(folder / CELL)
    rebuilt = rebuild(config, architecture, Budget(**result["budget"]), folder / CONFIG)
    load_into(rebuilt.network, folder / WEIGHTS)
    return Trained(folder, config, result, rebuilt)


def read_kept(folder: Path, config: DictConfig, architecture: Architecture) -> Rebuilt | None:
    """The network of a search's best trial with the weights that the search has kept; None where it
    has none of this architecture.

    config: the search's own.

    Raises:
        ConfigError: see `rebuild`.
        DataError: the data is missing.
    """
    facts = known_facts(folder)
    if facts is None or facts["cell"] != str(architecture):
        return None
    _find_data(config)
    rebuilt = rebuild(config, architecture, Budget(**json.loads(facts["budget"])), folder / CONFIG)
    load_into(rebuilt.network, folder / WEIGHTS_FILE)
    return rebuilt


def _find_data(config: DictConfig) -> None:
    """Where the run had it, unless the environment says otherwise."""
    if config.data.root is not None:
        os.environ.setdefault(ROOT_VARIABLE, str(config.data.root))


def rebuild(
    config: DictConfig, architecture: Architecture, budget: Budget, source: Path
) -> Rebuilt:
    """Task and network of a training's configuration; the weights are still to be loaded.

    source: the file of the configuration, for errors.

    Raises:
        ConfigError: it names anything but archsearch's own classes, or does not fit them.
    """
    check_is_own(config, source)
    check(config)
    task: Task = instantiate(config.task)
    network = task.network(architecture, budget, instantiate(config.model), torch.Generator())
    return Rebuilt(task, architecture, budget, network.eval())


def read_result(folder: Path) -> dict[str, Any]:
    """What a training found out, as `python -m archsearch.train` wrote it."""
    result: dict[str, Any] = json.loads((folder / RESULT).read_text(encoding="utf-8"))
    return result


def _missing(folder: Path) -> list[str]:
    return [name for name in (CONFIG, CELL, WEIGHTS, RESULT) if not (folder / name).is_file()]
