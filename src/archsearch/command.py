"""What the commands that Hydra configures share: errors as one clear line, and exit codes."""

import functools
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import (
    ConfigCompositionException,
    HydraException,
    InstantiationException,
    MissingConfigException,
)
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from archsearch.conf_files import conf_folder
from archsearch.config import nearest, register
from archsearch.failure import Failure
from archsearch.help import answer
from archsearch.usage import FAILURE, INTERRUPTED, USAGE, Parser, stop

__all__ = [
    "FAILURE",
    "INTERRUPTED",
    "USAGE",
    "Interrupted",
    "Parser",
    "explain",
    "one_line_errors",
    "run_command",
]


class Interrupted(Exception):
    """The user stopped the run; the message says how to go on."""


def run_command(
    task: Callable[[DictConfig], object], config_name: str, about: str | None = None
) -> None:
    """Run a Hydra task; where it fails, print one line and exit with a code.

    Errors that are not listed here are bugs of archsearch: they pass through with their traceback.

    about: see `archsearch.help.help_text`.
    """
    answer(sys.argv[1:], config_name, about)
    register()
    os.environ["HYDRA_FULL_ERROR"] = "1"  # let errors through instead of printing and exiting

    @functools.wraps(task)
    def job(cfg: DictConfig) -> object:
        # SystemExit passes through Hydra, which would print a line of its own for an exception.
        with one_line_errors(config_name), no_empty_directory():
            return task(cfg)

    with one_line_errors(config_name):
        hydra.main(conf_folder(), config_name, version_base="1.3")(job)()


@contextmanager
def no_empty_directory() -> Iterator[None]:
    """Take the run's directory back, which Hydra has made, where the task put nothing into it."""
    try:
        yield
    finally:
        with suppress(OSError):  # the directory is in use, as it should be
            Path(HydraConfig.get().runtime.output_dir).rmdir()


@contextmanager
def one_line_errors(config_name: str = "config") -> Iterator[None]:
    """What the user can do something about as one line and an exit code; bugs pass through.

    config_name: the file of conf/ whose keys are known.
    """
    try:
        yield
    except (Interrupted, KeyboardInterrupt) as error:
        stop(str(error) or "interrupted", INTERRUPTED)
    except Failure as error:
        stop(str(error), FAILURE)
    except InstantiationException as error:
        if not isinstance(error.__cause__, ValueError):
            raise
        stop(str(error.__cause__), USAGE)
    except (HydraException, OmegaConfBaseException) as error:
        stop(explain(error, config_name), USAGE)
    except ValueError as error:
        stop(str(error), USAGE)
    except OSError as error:
        stop(f"{error.filename or 'the system'}: {error.strerror or error}", FAILURE)


def explain(error: Exception, config_name: str) -> str:
    """One line for a configuration that Hydra could not compose, with the nearest known name."""
    first_line = str(error).strip().splitlines()[0]
    if isinstance(error, MissingConfigException) and error.missing_cfg_file and error.options:
        group, _, option = error.missing_cfg_file.rpartition("/")
        return f"{group}={option}: no such choice; {nearest(option, error.options)}"
    unknown = re.match(r"Could not override '([^']+)'", first_line)
    if isinstance(error, ConfigCompositionException) and unknown:
        key = unknown.group(1)
        return f"{key}: unknown key; {nearest(key, _known_keys(config_name))}"
    return first_line


def _known_keys(config_name: str) -> list[str]:
    """Every key of the default configuration, with its dots."""
    with hydra.initialize_config_dir(conf_folder(), version_base="1.3"):
        return list(_dotted(hydra.compose(config_name)))


def _dotted(cfg: DictConfig, prefix: str = "") -> Iterator[str]:
    for key in cfg:
        yield f"{prefix}{key}"
        child = cfg._get_node(key)
        if isinstance(child, DictConfig):
            yield from _dotted(child, f"{prefix}{key}.")
