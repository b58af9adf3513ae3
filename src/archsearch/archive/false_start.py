"""A run that ends before it has done anything leaves its directory as it found it: empty."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from archsearch.archive.errors import ArchiveError
from archsearch.archive.lock import LOCK_FILE
from archsearch.archive.store import ARCHIVE_FILE, Archive


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
