"""The JSON file: an architecture, and where it comes from, for programs to read.

Fields; those that do not apply are null:

    schema        1; another number means other fields
    kind          "cell", "layer" (heterogeneous) or "network" (convolutional)
    key           the architecture's, equal for equal ones
    text          of the architecture, which `archsearch.architecture.read_architecture` reads
    equations     {"unicode", "latex"}
    genome        the cell space's own encoding, where a search found the architecture
    provenance    where it comes from:
        run           the name of the run's directory
        kind          "training" or "search"
        revision      of archsearch that ran it
        torch         the version that trained it
        seed, task    of the run
        budget        by field; where there are weights, with the sizes that they have
        config        all that decides the run's results, by group
        num_params    of the trained network
        metric        {"name", "valid", "test", "epoch", "valid_measures", "test_measures"} of a
                      training, {"valid"} of a search's trial
        precision     of the training
        found_in      the name of the search that found the architecture
        trial         which trial of it that was: number, operation, parents, details,
                      hyperparameters, key, text, status, metric, fitness, num_params
        lineage       the trials that it descends from, by number, with the same fields
"""

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from omegaconf import DictConfig

from archsearch.architecture import Architecture, ConvNetwork, HeterogeneousLayer
from archsearch.archive import ARCHIVE_FILE, Archive, RunInfo, Trial, ancestors
from archsearch.identity import identity
from archsearch.train import Budget
from archsearch.train.files import read_config, read_result

SCHEMA = 1


class _Finding(NamedTuple):
    """The trial that found an architecture, its ancestors, oldest first, and their search.

    Their architectures are `StoredArchitecture`s.
    """

    trial: Trial
    lineage: list[Trial]
    run: RunInfo


def describe_trained(folder: Path, architecture: Architecture) -> dict[str, Any]:
    """Of a training; with how a search found its cell, where that was named by the directory of one
    that is still there."""
    result, config = read_result(folder), read_config(folder)
    found = _found_as(Path(str(config.cell)).expanduser(), architecture)
    provenance = {
        "run": folder.name,
        "kind": "training",
        "revision": result["revision"],
        "torch": result["torch"],
        "seed": result["seed"],
        "task": result["task"],
        "budget": result["budget"],
        "config": identity(config),
        "num_params": result["num_params"],
        "metric": {
            "name": result["metric"],
            "valid": result["valid"],
            "test": result["test"],
            "epoch": result["best_epoch"],
            "valid_measures": result["valid_measures"],
            "test_measures": result["test_measures"],
        },
        "precision": result["precision"],
    }
    return _described(architecture, provenance, found)


def describe_found(
    folder: Path, config: DictConfig, architecture: Architecture, budget: Budget | None
) -> dict[str, Any]:
    """Of the best of a search; budget: that of its trial, where the search has its weights."""
    found, settings = _found_as(folder, architecture), identity(config)
    provenance = {
        "run": folder.name,
        "kind": "search",
        "revision": None if found is None else found.run.revision,
        "torch": None,
        "seed": settings["seed"],
        "task": settings["task"]["name"],
        "budget": asdict(budget) if budget else settings["budget"],
        "config": settings,
        "num_params": None if found is None else found.trial.num_params,
        "metric": None if found is None else {"valid": found.trial.metric},
        "precision": None,
    }
    return _described(architecture, provenance, found)


def _described(
    architecture: Architecture, provenance: dict[str, Any], found: _Finding | None
) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "kind": _kind(architecture),
        "key": architecture.key,
        "text": str(architecture),
        "equations": {
            "unicode": architecture.equations(),
            "latex": architecture.equations("latex"),
        },
        "genome": None if found is None else found.trial.candidate.genome,
        "provenance": provenance
        | {
            "found_in": None if found is None else found.run.name,
            "trial": None if found is None else _trial_record(found.trial),
            "lineage": [] if found is None else [_trial_record(each) for each in found.lineage],
        },
    }


def _kind(architecture: Architecture) -> str:
    match architecture:
        case ConvNetwork():
            return "network"
        case HeterogeneousLayer():
            return "layer"
        case _:
            return "cell"


def _found_as(folder: Path, architecture: Architecture) -> _Finding | None:
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
    return _Finding(best, list(ancestors(best, by_number).values()), run)


def _trial_record(trial: Trial) -> dict[str, Any]:
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
