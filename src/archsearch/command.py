"""What the commands that Hydra configures share: errors as one clear line, and exit codes."""

import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException, InstantiationException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from archsearch.conf_files import conf_folder
from archsearch.config import register
from archsearch.failure import Failure
from archsearch.help import answer, module_named
from archsearch.mistakes import explain, refuse_a_sweep_as_one_run, refuse_files_of_others
from archsearch.usage import FAILURE, INTERRUPTED, USAGE, Parser, stop

__all__ = [
    "FAILURE",
    "INTERRUPTED",
    "USAGE",
    "Interrupted",
    "Parser",
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
    module = module_named(config_name, about)
    register()
    os.environ["HYDRA_FULL_ERROR"] = "1"  # let errors through instead of printing and exiting

    @functools.wraps(task)
    def job(cfg: DictConfig) -> object:
        # SystemExit passes through Hydra, which would print a line of its own for an exception.
        with one_line_errors(config_name), no_empty_directory():
            refuse_a_sweep_as_one_run(HydraConfig.get(), module)
            return task(cfg)

    with one_line_errors(config_name):
        refuse_files_of_others(sys.argv[1:], module)
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
