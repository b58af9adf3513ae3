"""`python -m archsearch.report --sync outputs/…`: how to upload what was logged offline."""

import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

OFFLINE = "wandb/offline-run-*"
SYNCED = "*.wandb.synced"  # beside the log once it is uploaded


def sync_command(folders: Iterable[Path]) -> str:
    """The command, or a line that says that there is nothing to upload.

    A run that was resumed has left one log a process; wandb uploads them in the order of their
    beginnings, as one run.
    """
    logs = [log for folder in folders for log in _offline_logs(folder)]
    if not logs:
        return "nothing to upload: no offline log of W&B that was not uploaded yet"
    return shlex.join(["wandb", "sync", *map(str, logs)])


def _offline_logs(folder: Path) -> Iterator[Path]:
    for log in sorted(folder.glob(OFFLINE)):
        if not any(log.glob(SYNCED)):
            yield log
