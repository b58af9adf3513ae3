"""What a training leaves in its directory."""

import json
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from archsearch.config import CONFIG_FILE, ConfigError

RESULT, WEIGHTS, CELL, CONFIG = "result.json", "model.safetensors", "cell.txt", CONFIG_FILE
FAILED = "failed.json"  # in place of a result, where the architecture ended the training


def is_training(folder: Path) -> bool:
    """Whether this is the directory of a training that has finished or failed."""
    return any((folder / name).is_file() for name in (RESULT, FAILED))


def check_is_finished(folder: Path) -> None:
    """Raise ConfigError where this is not the directory of a training with a result."""
    files = (CONFIG, CELL, WEIGHTS, RESULT)
    if missing := [name for name in files if not (folder / name).is_file()]:
        raise ConfigError(
            f"{folder}: expected the directory of a finished `python -m archsearch.train`, "
            f"found no {', '.join(missing)}"
        )


def read_result(folder: Path) -> dict[str, Any]:
    """What a training found out, as `python -m archsearch.train` wrote it."""
    result: dict[str, Any] = json.loads((folder / RESULT).read_text(encoding="utf-8"))
    return result


def read_config(folder: Path) -> DictConfig:
    """What a training or a search was asked for, resolved."""
    config = OmegaConf.load(folder / CONFIG)
    assert isinstance(config, DictConfig)
    return config
