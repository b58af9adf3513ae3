"""What is wrong with a command line that Hydra refuses, or would misread, in one line each."""

import argparse
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import hydra
from hydra.errors import (
    ConfigCompositionException,
    HydraException,
    MissingConfigException,
    OverrideParseException,
)
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from archsearch.conf_files import (
    OWN_COMMAND,
    choices,
    command_lines,
    conf_folder,
    default_choices,
    group_folder,
    module_of,
    opening,
)
from archsearch.config import ConfigError
from archsearch.config_check import nearest
from archsearch.config_tree import walk

_OWN_FILE = re.compile(rf"\+{{0,2}}({'|'.join(OWN_COMMAND)})=([\w,]+)")


def refuse_files_of_others(arguments: Sequence[str], module: str) -> None:
    """Raise ConfigError where a file of sweeps/ or conf/experiment/ is another command's."""
    for argument in arguments:
        group, names = found.groups() if (found := _OWN_FILE.fullmatch(argument)) else ("", "")
        for name in names.split(","):
            file = group_folder(group) / f"{name}.yaml"
            line = next(iter(command_lines(opening(file))), None) if file.is_file() else None
            if line is not None and module_of(line) != module:
                raise ConfigError(f"{argument}: is for another command: {line}")


def refuse_a_sweep_as_one_run(hydra_config: Any, module: str, words: Sequence[str]) -> None:
    """Raise ConfigError where parameters to sweep over are given to a single run, which would
    leave them out."""
    params = hydra_config.sweeper.get("params")
    if params and hydra_config.mode is not RunMode.MULTIRUN:
        command = shlex.join(["python", "-m", module, "-m", *words])
        over = ", ".join(params)
        raise ConfigError(f"a sweep over {over} is several runs, which need -m: {command}")


def explain(error: Exception, config_name: str, words: Sequence[str]) -> str:
    """One line for a configuration that Hydra could not compose, with the nearest known name.

    words: what was typed.
    """
    first_line, *others = str(error).strip().splitlines()
    match error:
        case MissingConfigException(missing_cfg_file=str(file), options=list(options)) if options:
            group, _, option = file.rpartition("/")
            return f"{group}={option}: no such choice; {nearest(option, options)}"
        case OverrideParseException(override=str(override)):
            if "=" not in override:
                return f"{override}: expected name=value"
            said = [line for line in (first_line, *others) if override not in line]
            return f"{override}: {said[0] if said else 'cannot be read'}; quote it where it is text"
        case ConfigCompositionException():
            if unknown := re.match(r"Could not override '([^']+)'", first_line):
                return _unknown(unknown[1], config_name, words)
            subject = re.match(r"Error merging override (.+)|In '([^']+)'", first_line)
            if subject and error.__cause__:
                cause = str(error.__cause__).splitlines()[0]
                return f"{subject[1] or subject[2]}: {cause}"
    return first_line


def _unknown(key: str, config_name: str, words: Sequence[str]) -> str:
    """What the choice knows whose key it was meant to be, and which choice knows the key."""
    group, _, inner = key.partition(".")
    if key in OWN_COMMAND:
        return f"{key}: needs a plus, as in +{key}=…"
    composed = _composed(config_name, words, group, key)
    chosen = composed.hydra.runtime.choices.get(group)
    known = [each for each in _dotted(composed) if not each.startswith("hydra.")]
    if chosen is None or not inner:
        return f"{key}: unknown key; {nearest(key, known)}"
    others = [each for each in choices(group) if key in _keys_of(group, each)]
    if others:
        return f"{key}: {group}={chosen} has no such key, but {_listed(group, others)}"
    own = [each.removeprefix(f"{group}.") for each in known if each.startswith(f"{group}.")]
    own = [each for each in own if not each.rpartition(".")[2].startswith("_")]
    if not own:
        return f"{key}: unknown key; {group}={chosen} has none"
    return f"{key}: unknown key of {group}={chosen}; {nearest(inner, own, f'{group}.')}"


def _listed(group: str, names: Sequence[str]) -> str:
    shown = [f"{group}={name}" for name in names]
    return f"{shown[0]} has" if len(shown) == 1 else f"{', '.join(shown)} have"


def _composed(config_name: str, words: Sequence[str], group: str, key: str) -> DictConfig:
    """The configuration under the choices that were typed; of several values for `group` the
    first that lacks the key. With Hydra's own part."""
    groups = default_choices(Path(conf_folder()) / f"{config_name}.yaml")
    given = {
        name: value.split(",")
        for name, _, value in (word.partition("=") for word in words)
        if name in groups and value
    }
    first = {name: values[0] for name, values in given.items()}
    with hydra.initialize_config_dir(conf_folder(), version_base="1.3"):
        for value in given.get(group, [groups.get(group)]):
            chosen = first | ({group: value} if value and group in groups else {})
            overrides = [*_own_folder(words), *(f"{name}={each}" for name, each in chosen.items())]
            composed = hydra.compose(config_name, overrides, return_hydra_config=True)
            if key not in _dotted(composed):
                break
    return composed


def _own_folder(words: Sequence[str]) -> list[str]:
    """--config-dir, as an override."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--config-dir", "-cd")
    folder = parser.parse_known_args(words)[0].config_dir
    return [f"hydra.searchpath=[file://{Path(folder).resolve()}]"] if folder else []


def _keys_of(group: str, choice: str) -> list[str]:
    """With their dots, of one file of conf/; none where it stands for nothing by itself."""
    try:
        with hydra.initialize_config_dir(conf_folder(), version_base="1.3"):
            return _dotted(hydra.compose(f"{group}/{choice}"))
    except HydraException:
        return []


def _dotted(cfg: DictConfig) -> list[str]:
    tree = OmegaConf.to_container(cfg)
    assert isinstance(tree, dict)
    return [path for path, _ in walk(tree)]
