"""A predictor as its file in conf/predictor/ configures it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import OmegaConf

from archsearch.conf_files import conf_folder
from archsearch.config import ConfigError
from archsearch.config_check import check, nearest
from archsearch.predictor.seam import ArchitecturePredictor, CurvePredictor


def configured_predictor(
    name: str, numbers: Mapping[str, Any] | None = None
) -> ArchitecturePredictor | CurvePredictor:
    """The predictor of conf/predictor/<name>.yaml, with `numbers` instead of some of the file's.

    ConfigError for no such file, or numbers that its class does not take.
    """
    folder = Path(conf_folder()) / "predictor"
    known = {file.stem for file in folder.glob("*.yaml")}
    if name not in known:
        raise ConfigError(f"predictor={name}: no such choice; {nearest(name, known)}")
    node = OmegaConf.merge(OmegaConf.load(folder / f"{name}.yaml"), dict(numbers or {}))
    cfg = OmegaConf.create({"predictor": node})
    check(cfg)
    try:
        predictor = instantiate(cfg.predictor, _convert_="all")
    except InstantiationException as error:
        if not isinstance(error.__cause__, ValueError):
            raise
        raise ConfigError(f"predictor={name}: {error.__cause__}") from error.__cause__
    if not isinstance(predictor, ArchitecturePredictor | CurvePredictor):
        raise ConfigError(f"predictor={name}: expected a predictor, got {predictor!r}")
    return predictor
