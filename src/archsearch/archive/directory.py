"""A run's directory: one process at a time, and nothing left of a run that never began."""

import fcntl
import os
import socket
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from archsearch.archive.records import ArchiveError
from archsearch.archive.store import ARCHIVE_FILE, Archive

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


@contextmanager
def no_false_start(folder: Path, opening: Collection[str]) -> Iterator[None]:
    """Take back what the block wrote, where it fails or is interrupted before a trial or an epoch.

    folder: of a run; this process has its lock.
    opening: the names of the files that a run writes before its first trial or epoch, and that the
        same command would write again. With any other file in it the folder stays as it is.
    """
    was_empty = not _files(folder)
    try:
        yield
    except BaseException:
        files = _files(folder)
        known = all(file.name.startswith(tuple(opening)) for file in files)
        if was_empty and known and not _has_trials(folder):
            for file in files:
                file.unlink()
        raise


def _files(folder: Path) -> list[Path]:
    return [file for file in folder.iterdir() if file.name != LOCK_FILE]


def _has_trials(folder: Path) -> bool:
    """Whether the archive, if there is one, has a trial, or cannot say."""
    if not (folder / ARCHIVE_FILE).exists():
        return False
    try:
        with Archive.read(folder) as archive:
            return bool(archive.stored_trials() or archive.early_trials())
    except ArchiveError:
        return True
