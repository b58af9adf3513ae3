"""Files of which a reader, or a crash, only ever sees a whole version."""

import logging
import os
import time
from pathlib import Path

STALE_SECONDS = 24 * 3600

log = logging.getLogger(__name__)


def write_whole(path: Path, content: bytes | str) -> None:
    """Replace `path` by the content, text in UTF-8; after a failure the old file stands unchanged.

    A run's directory has one writer, so the file that is not whole yet can have a fixed name beside
    `path`; what a killed process left under it is overwritten by the next.

    Raises:
        OSError: the disk is full or the folder cannot be written.
    """
    part = unfinished(path)
    try:
        with part.open("wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def remove_stale_parts(folder: Path, pattern: str) -> None:
    """Remove files that a killed process began to write, more than a day ago."""
    for part in folder.glob(pattern):
        try:
            if time.time() - part.stat().st_mtime > STALE_SECONDS:
                part.unlink()
        except FileNotFoundError:  # its owner has finished, or another process was faster
            continue
        except PermissionError:  # another user's, in a shared folder: it does no harm
            log.info("cannot remove %s, left by a process that was killed", part)


def unfinished(path: Path) -> Path:
    """Where a file is written before it is whole."""
    return path.with_name(f".{path.name}.part")
