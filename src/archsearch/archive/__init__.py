"""Trials on disk: the log of a run, from which its strategy can be rebuilt."""

from archsearch.archive.errors import ArchiveError
from archsearch.archive.false_start import no_false_start
from archsearch.archive.lineage import ancestors
from archsearch.archive.lock import is_locked, lock_run
from archsearch.archive.metric import FitnessRule, Metric
from archsearch.archive.records import (
    REFERENCE,
    UNTRAINABLE,
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
