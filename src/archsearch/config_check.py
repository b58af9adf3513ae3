"""Configurations held against the classes that they name by `_target_`.

The constructor of such a class is its schema: `check` holds every key and value of the composed
configuration against the constructors before anything runs, so a new strategy needs one Python file
and one YAML file and nothing else.
"""

import difflib
import inspect
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import hydra
from omegaconf import DictConfig, ListConfig, OmegaConf
from pydantic import ConfigDict, TypeAdapter, ValidationError

from archsearch.config import ConfigError
from archsearch.config_tree import walk


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
    for path, node in walk(cfg):
        if isinstance(node, DictConfig) and "_target_" in node:
            _check_target(path, node)


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
