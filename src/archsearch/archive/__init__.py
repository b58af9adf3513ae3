"""Trials on disk: the log of a run, from which its strategy can be rebuilt."""

from archsearch.archive.errors import ArchiveError
from archsearch.archive.lock import lock_run
from archsearch.archive.records import (
    REFERENCE,
    Candidate,
    Epoch,
    Json,
    Origin,
    RunInfo,
    Status,
    Trial,
)
from archsearch.archive.store import Archive

__all__ = [
    "REFERENCE",
    "Archive",
    "ArchiveError",
    "Candidate",
    "Epoch",
    "Json",
    "Origin",
    "RunInfo",
    "Status",
    "Trial",
    "lock_run",
]
