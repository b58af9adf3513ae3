"""`--dry-run`: compose what a command asks for, begin nothing, and say what it would take.

Nothing is written where runs are. What a run would write where it begins, such as the precision
that `auto` chooses, goes to a folder that is gone at the end.
"""

import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from archsearch.command import one_line_errors, run_command

FLAG = "--dry-run"
_ELSEWHERE = re.compile(r"hydra\.(run|sweep)\.dir=(.*)")


@dataclass(frozen=True, slots=True)
class Job:
    """A run that the command would begin, or go on with.

    folder: the run's directory, which may not be there yet. scratch: an empty one in its place.
    """

    cfg: DictConfig
    folder: Path
    scratch: Path


Tell = Callable[[Sequence[Job]], None]


def run_or_forecast(task: Callable[[DictConfig], object], tell: Tell, config_name: str) -> None:
    """Run a Hydra task, or say what it would take where --dry-run is asked for."""
    if FLAG in sys.argv[1:]:
        forecast(tell, config_name)
    else:
        run_command(task, config_name)


def forecast(tell: Tell, config_name: str) -> None:
    """Hand the runs of this process's command line to `tell` in place of running them."""
    given = [argument for argument in sys.argv[1:] if argument != FLAG]
    elsewhere = {found[1]: Path(found[2]) for found in map(_ELSEWHERE.fullmatch, given) if found}
    jobs: list[Job] = []

    def collect(cfg: DictConfig) -> None:
        hydra = HydraConfig.get()
        scratch = Path(hydra.runtime.output_dir)
        folder = Path(cfg.output_root) / scratch.name
        if hydra.mode is RunMode.MULTIRUN:
            folder = elsewhere.get("sweep", folder.parent) / scratch.name
        else:
            folder = elsewhere.get("run", folder)
        jobs.append(Job(cfg, folder, scratch))

    with tempfile.TemporaryDirectory() as place:
        # The last of several values counts.
        sys.argv[1:] = [
            *given,
            f"hydra.run.dir={place}/${{archsearch.run_name:}}",
            f"hydra.sweep.dir={place}",
            "hydra.sweep.subdir=${archsearch.run_name:}",
        ]
        run_command(collect, config_name)
        with one_line_errors(config_name):
            for job in jobs:
                job.scratch.mkdir(exist_ok=True)  # an empty one is taken back where a run ends
                for kept in job.folder.glob("*.json"):  # what a run wrote where it began
                    shutil.copy(kept, job.scratch)
            tell(jobs)
