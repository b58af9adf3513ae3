"""Where a search found an architecture, and what that came from."""

import math
from pathlib import Path
from typing import Any, NamedTuple

from archsearch.architecture import Architecture
from archsearch.archive import ARCHIVE_FILE, Archive, RunInfo, Trial, ancestors


class Finding(NamedTuple):
    """The trial that found an architecture, its ancestors, oldest first, and their search.

    Their architectures are `StoredArchitecture`s.
    """

    trial: Trial
    lineage: list[Trial]
    run: RunInfo


def found_as(folder: Path, architecture: Architecture) -> Finding | None:
    """The fittest trial of the architecture in a search's archive.

    None where there is no archive, or none of its trials has the architecture. Reference cells are
    not what a search has found.

    Raises:
        ArchiveError: there is an archive, but it cannot be read.
    """
    if not (folder / ARCHIVE_FILE).is_file():
        return None
    with Archive.read(folder) as archive:
        run, trials = archive.run, archive.stored_trials()
    of_it = [
        trial
        for trial in trials
        if trial.candidate.architecture.key == architecture.key and not trial.candidate.is_reference
    ]
    if not of_it:
        return None
    best = max(of_it, key=lambda trial: (trial.fitness, -trial.candidate.number))
    by_number = {trial.candidate.number: trial for trial in trials}
    return Finding(best, list(ancestors(best, by_number).values()), run)


def trial_record(trial: Trial) -> dict[str, Any]:
    """A trial as JSON has it; `fitness` is null where it failed."""
    candidate = trial.candidate
    return {
        "number": candidate.number,
        "operation": candidate.origin.operation,
        "parents": list(candidate.origin.parents),
        "details": dict(candidate.origin.details),
        "hyperparameters": dict(candidate.hyperparameters),
        "key": candidate.architecture.key,
        "text": str(candidate.architecture),
        "status": trial.status.value,
        "metric": trial.metric,
        "fitness": trial.fitness if math.isfinite(trial.fitness) else None,
        "num_params": trial.num_params,
    }
