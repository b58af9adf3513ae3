"""Trials on disk: the log of a run, from which its strategy can be rebuilt."""

from archsearch.archive.directory import is_locked, lock_run, no_false_start
from archsearch.archive.metric import FitnessRule, Metric
from archsearch.archive.records import (
    REFERENCE,
    UNTRAINABLE,
    ArchiveError,
    Asked,
    Beginning,
    Candidate,
    Epoch,
    Guess,
    Json,
    Lesson,
    Machine,
    Origin,
    RunInfo,
    Status,
    StoredArchitecture,
    Trial,
    ancestors,
)
from archsearch.archive.store import ARCHIVE_FILE, Archive

__all__ = [
    "ARCHIVE_FILE",
    "REFERENCE",
    "UNTRAINABLE",
    "Archive",
    "ArchiveError",
    "Asked",
    "Beginning",
    "Candidate",
    "Epoch",
    "FitnessRule",
    "Guess",
    "Json",
    "Lesson",
    "Machine",
    "Metric",
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
