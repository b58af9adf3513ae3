"""The way back from what a run has left to a trained network."""

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from omegaconf import DictConfig, OmegaConf

from archsearch.architecture import Architecture, read_cell_file
from archsearch.archive.best_weights import WEIGHTS_FILE, known_facts
from archsearch.config_check import check, check_is_own
from archsearch.data.store import ROOT_VARIABLE
from archsearch.train.budget import Budget
from archsearch.train.files import (
    CELL,
    CONFIG,
    WEIGHTS,
    check_is_finished,
    read_config,
    read_result,
)
from archsearch.train.recipe import Recipe, load_into, recipe_of


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained network, for evaluation, and how it was trained: under the sizes that it has."""

    recipe: Recipe
    architecture: Architecture
    network: torch.nn.Module


def read_trained(folder: Path) -> Trained:
    """What is in a training's directory. Its data is loaded for the vocabulary, from where the
    training had it unless ARCHSEARCH_DATA says otherwise.

    Raises:
        ConfigError: the folder is not that of a finished training; see also `rebuild`.
        DataError: the data is missing.
    """
    check_is_finished(folder)
    architecture, budget = read_cell_file(folder / CELL), Budget(**read_result(folder)["budget"])
    trained = rebuild(read_config(folder), architecture, budget, folder / CONFIG)
    load_into(trained.network, folder / WEIGHTS)
    return trained


def read_kept(folder: Path, config: DictConfig, architecture: Architecture) -> Trained | None:
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
    budget = Budget(**json.loads(facts["budget"]))
    trained = rebuild(config, architecture, budget, folder / CONFIG)
    load_into(trained.network, folder / WEIGHTS_FILE)
    return trained


def rebuild(
    config: DictConfig, architecture: Architecture, budget: Budget, source: Path
) -> Trained:
    """The network of a training's configuration; the weights are still to be loaded.

    source: the file of the configuration, for errors.

    Raises:
        ConfigError: it names anything but archsearch's own classes, or does not fit them.
    """
    # What else a run was asked for, such as a logger, is not built, and may have another name now.
    part = OmegaConf.masked_copy(config, ["task", "model", "budget", "trainer"])
    check_is_own(part, source)
    check(part)
    root = OmegaConf.select(config, "data.root")
    if root is not None:
        os.environ.setdefault(ROOT_VARIABLE, str(root))
    recipe = replace(recipe_of(config), budget=budget)
    network = recipe.network(architecture, torch.Generator())
    return Trained(recipe, architecture, network.eval())
