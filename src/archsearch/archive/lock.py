"""One process at a time in a run directory."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archsearch.archive.errors import ArchiveError

LOCK_FILE = ".lock"


@contextmanager
def lock_run(folder: Path) -> Iterator[None]:
    """Keep other processes out of a run directory while the context is open.

    The lock belongs to the operating system and goes when this process does, even by kill -9;
    the file stays behind and means nothing by itself, but in a directory with nothing else it goes
    too. Child processes do not inherit it.

    Raises:
        ArchiveError: another process holds the lock, or the folder cannot be written.
    """
    file = folder / LOCK_FILE
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise ArchiveError(
            f"{folder}: expected a run directory that can be written, got {error.strerror!r}; "
            "check its permissions, or choose another with hydra.run.dir=…"
        ) from error
    with os.fdopen(descriptor, "r+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not _is_at(lock.fileno(), file):  # its last holder has just removed it
                raise BlockingIOError
        except BlockingIOError:
            raise ArchiveError(
                f"{folder}: {lock.read().strip() or 'another process'} is at work on this run; "
                "wait until it ends, or choose another directory with hydra.run.dir=…"
            ) from None
        lock.truncate()
        lock.write(f"process {os.getpid()} on {socket.gethostname()}\n")
        lock.flush()
        try:
            yield
        finally:
            if [each.name for each in folder.iterdir()] == [LOCK_FILE]:
                file.unlink()


def _is_at(descriptor: int, file: Path) -> bool:
    return file.exists() and os.path.samestat(os.fstat(descriptor), file.stat())


def is_locked(folder: Path) -> bool:
    """Whether a process of this machine is at work on the run; leaves nothing behind."""
    file = folder / LOCK_FILE
    if not file.is_file():
        return False
    with file.open(encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
