"""Trials on disk: the log of a run, from which its strategy can be rebuilt."""

from archsearch.archive.errors import ArchiveError
from archsearch.archive.false_start import no_false_start
from archsearch.archive.lineage import ancestors
from archsearch.archive.lock import is_locked, lock_run
from archsearch.archive.records import (
    REFERENCE,
    UNTRAINABLE,
    Beginning,
    Candidate,
    Epoch,
    Json,
    Origin,
    RunInfo,
    Status,
    Trial,
)
from archsearch.archive.store import ARCHIVE_FILE, Archive
from archsearch.archive.stored import StoredArchitecture

__all__ = [
    "ARCHIVE_FILE",
    "REFERENCE",
    "UNTRAINABLE",
    "Archive",
    "ArchiveError",
    "Beginning",
    "Candidate",
    "Epoch",
    "Json",
    "Origin",
    "RunInfo",
    "Status",
    "StoredArchitecture",
    "Trial",
    "ancestors",
    "is_locked",
    "lock_run",
    "no_false_start",
]
