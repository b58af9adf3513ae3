"""What the commands that Hydra configures share: errors as one clear line, and exit codes."""

import functools
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException, InstantiationException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from archsearch.conf_files import conf_folder
from archsearch.config import ConfigError, register
from archsearch.failure import Failure
from archsearch.help import answer, module_named
from archsearch.mistakes import explain, refuse_a_sweep_as_one_run, refuse_files_of_others
from archsearch.usage import FAILURE, USAGE, interruptible, stop


class Interrupted(KeyboardInterrupt):
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
    sys.argv[1:] = sorted(sys.argv[1:], key=_is_setting)  # argparse takes those in one piece alone
    register()
    os.environ["HYDRA_FULL_ERROR"] = "1"  # let errors through instead of printing and exiting

    @functools.wraps(task)
    def job(cfg: DictConfig) -> object:
        # SystemExit passes through Hydra, which would print a line of its own for an exception.
        with one_line_errors(config_name), no_empty_directory(run_directory()):
            refuse_a_sweep_as_one_run(HydraConfig.get(), module, sys.argv[1:])
            return task(cfg)

    with one_line_errors(config_name):
        refuse_files_of_others(sys.argv[1:], module)
        hydra.main(conf_folder(), config_name, version_base="1.3")(job)()


def _is_setting(word: str) -> bool:
    return "=" in word and not word.startswith("-")


def run_directory() -> Path:
    """Of the run that Hydra has begun."""
    return Path(HydraConfig.get().runtime.output_dir)


@contextmanager
def no_empty_directory(folder: Path) -> Iterator[None]:
    """Take a run's directory back, which is there already, where nothing was put into it."""
    try:
        yield
    finally:
        with suppress(OSError):  # the directory is in use, as it should be
            folder.rmdir()


@contextmanager
def one_line_errors(config_name: str = "config") -> Iterator[None]:
    """What the user can do something about as one line and an exit code; bugs pass through.

    config_name: the file of conf/ whose keys are known.
    """
    try:
        with interruptible(), plain_errors(config_name, sys.argv[1:]):
            yield
    except Failure as error:
        stop(str(error), FAILURE)
    except ValueError as error:
        stop(str(error), USAGE)
    except OSError as error:
        stop(f"{error.filename or 'the system'}: {error.strerror or error}", FAILURE)


@contextmanager
def plain_errors(config_name: str, words: Sequence[str]) -> Iterator[None]:
    """What Hydra says of a wrong configuration as a ValueError of one line; bugs pass through.

    words: what was typed, beside the name of the command.
    """
    try:
        yield
    except InstantiationException as error:
        if not isinstance(error.__cause__, ValueError):
            raise
        raise error.__cause__ from None
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(explain(error, config_name, words)) from None
