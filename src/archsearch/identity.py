"""What of a configuration decides a run's results: its name, and what is compared with what."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf

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
