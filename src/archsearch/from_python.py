"""A search asked for from Python: composed as the command composes it, in the same directory."""

import numbers
import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig, open_dict

from archsearch import main
from archsearch.command import no_empty_directory, plain_errors
from archsearch.config import ConfigError, conf_folder, register
from archsearch.override_text import override_text
from archsearch.request import Request
from archsearch.run import Run, load

PathLike = str | os.PathLike[str]


def search(*overrides: str, config_dir: PathLike | None = None, **settings: object) -> Run:
    """See `archsearch.search`."""
    with plain_errors("config"), warnings.catch_warnings():
        # Lightning brings a progress bar along, which asks notebooks for widgets.
        warnings.filterwarnings("ignore", "IProgress not found")
        cfg, request = composed([*overrides, *as_overrides(settings)], config_dir)
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
    register()
    with initialize_config_dir(conf_folder(), "archsearch", version_base="1.3"):
        if config_dir is not None:
            _add(config_dir)
        cfg = compose("config", list(overrides), return_hydra_config=True)
    run_dir = Path.cwd() / cfg.hydra.run.dir
    again = f"make the same call; to see what there is: archsearch.load({str(run_dir)!r})"
    request = Request.of(cfg.hydra, run_dir, again)
    with open_dict(cfg):
        del cfg["hydra"]
    return cfg, request


def _add(config_dir: PathLike) -> None:
    """What --config-dir does."""
    folder = Path(config_dir).resolve()
    if not folder.is_dir():
        raise ConfigError(f"config_dir: expected a folder, got {str(config_dir)!r}")
    search_path = GlobalHydra.instance().config_loader().get_search_path()
    search_path.append("command-line", f"file://{folder}")


def _plain(value: object) -> object:
    """Paths and NumPy's numbers as what they stand for."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return value
    return int(value) if isinstance(value, numbers.Integral) else float(value)
