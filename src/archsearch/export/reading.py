"""The way back: from an exported folder to the network of archsearch."""

import json
from pathlib import Path

import torch
from omegaconf import OmegaConf

from archsearch.architecture import read_architecture
from archsearch.config import ConfigError
from archsearch.export.description import SCHEMA
from archsearch.export.formats import DESCRIPTION, WEIGHTS
from archsearch.export.networks import code_of
from archsearch.train import Budget
from archsearch.train.rebuilding import Trained, rebuild
from archsearch.train.recipe import load_weights


def is_export(folder: Path) -> bool:
    """Whether this is a folder of `--to python,json` of a training."""
    return (folder / DESCRIPTION).is_file() and (folder / WEIGHTS).is_file()


def read_export(folder: Path) -> Trained:
    """The network with its weights. Its data is loaded for the vocabulary.

    Raises:
        ConfigError: the description is of another schema, or its configuration is not archsearch's.
    """
    path = folder / DESCRIPTION
    description = json.loads(path.read_text(encoding="utf-8"))
    if description.get("schema") != SCHEMA:
        raise ConfigError(
            f"{path}: expected schema {SCHEMA}, got {description.get('schema')!r}; export the run "
            "again"
        )
    origin = description["provenance"]
    trained = rebuild(
        OmegaConf.create(origin["config"]), read_architecture(description["text"]),
        Budget(**origin["budget"]), path,
    )  # fmt: skip
    weights = load_weights(folder / WEIGHTS)
    with torch.no_grad():
        for name, value in code_of(trained.network, trained.architecture).weights().items():
            value.copy_(weights[name])
    return trained
