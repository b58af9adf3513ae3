"""A search asked for from Python: composed as the command composes it, in the same directory."""

import numbers
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, open_dict

from archsearch import main
from archsearch.command import no_empty_directory, plain_errors
from archsearch.conf_files import conf_folder
from archsearch.config import ConfigError, register
from archsearch.mistakes import refuse_a_sweep_as_one_run, refuse_files_of_others
from archsearch.override_text import override_text
from archsearch.request import Request
from archsearch.run import Run, load

PathLike = str | os.PathLike[str]


def search(*overrides: str, config_dir: PathLike | None = None, **settings: object) -> Run:
    """See `archsearch.search`."""
    words = [*overrides, *as_overrides(settings)]
    with plain_errors("config", words):
        cfg, request = composed(words, config_dir)
        request.run_dir.mkdir(parents=True, exist_ok=True)
        with no_empty_directory(request.run_dir):
            main.search(cfg, request)
    return load(request.run_dir)


def as_overrides(settings: Mapping[str, object]) -> list[str]:
    """Values of Python as the words that the command line has for them."""
    return [f"{name}={override_text(_plain(value))}" for name, value in settings.items()]


def composed(
    overrides: Sequence[str], config_dir: PathLike | None = None
) -> tuple[DictConfig, Request]:
    """The configuration under these overrides, and where the search is kept."""
    for word in overrides:
        if "=" not in word or word.startswith("-"):
            raise ConfigError(
                f"expected settings such as 'task=ptb', got {word!r}; the command line has more: "
                "python -m archsearch --help"
            )
    refuse_files_of_others(overrides, "archsearch")
    register()
    words = [*(_searched(config_dir) if config_dir is not None else ()), *overrides]
    with initialize_config_dir(conf_folder(), "archsearch", version_base="1.3"):
        cfg = compose("config", words, return_hydra_config=True)
    refuse_a_sweep_as_one_run(cfg.hydra, "archsearch", overrides)
    run_dir = Path.cwd() / cfg.hydra.run.dir
    again = f"make the same call; to see what there is: archsearch.load({str(run_dir)!r})"
    request = Request.of(cfg.hydra, run_dir, again)
    with open_dict(cfg):
        del cfg["hydra"]
    return cfg, request


def _searched(config_dir: PathLike) -> list[str]:
    """What --config-dir does, as an override."""
    folder = Path(config_dir).resolve()
    if not folder.is_dir():
        raise ConfigError(f"config_dir: expected a folder, got {str(config_dir)!r}")
    return as_overrides({"hydra.searchpath": [f"file://{folder}"]})


def _plain(value: object) -> object:
    """Paths and NumPy's numbers as what they stand for."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return value
    return int(value) if isinstance(value, numbers.Integral) else float(value)
