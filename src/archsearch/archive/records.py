"""What is known of an architecture before and after it was trained: candidate and trial."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from archsearch.architecture import Architecture
from archsearch.archive.stored import StoredArchitecture

Json = Any  # whatever `json.dumps` writes and `json.loads` gives back unchanged


class Status(StrEnum):
    """How a trial ended. All but `OK` are failures, and failures are data."""

    OK = "ok"
    DIVERGED = "diverged"  # NaN, infinite, or over the task's limit
    INVALID = "invalid"  # cannot be built under the budget, such as too many parameters
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out_of_memory"
    CRASHED = "crashed"  # the worker process died
    REJECTED = "rejected"  # did not pass a gate of the run's suite of tasks


# Failures of the budget or the machine, in which no luck of training has a part.
UNTRAINABLE = frozenset({Status.INVALID, Status.OUT_OF_MEMORY})

# What a candidate may bring along; archsearch.evaluate.hyperparameters says what each does.
HYPERPARAMETERS = ("learning_rate", "init_scale", "clip_norm", "num_layers", "num_params")

REFERENCE = "reference"  # the operation of the cells that every run is measured against
ESTIMATE = "estimate"  # the detail of an origin that says what fitness a predictor expected


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a candidate comes from: the operation and the numbers of its parents."""

    operation: str  # REFERENCE, "random", "seed", "mutation", "crossover", …
    parents: tuple[int, ...] = ()
    details: Mapping[str, Json] = field(default_factory=dict)  # generation, species, mutation, …


@dataclass(frozen=True, slots=True)
class Candidate:
    """A proposed architecture. `number` counts the asks of a run from 0, references first."""

    number: int
    architecture: Architecture
    genome: Json  # the space's encoding; None for cells that come from outside a space
    origin: Origin
    hyperparameters: Mapping[str, Json] = field(default_factory=dict)  # where not as the run's

    @property
    def key(self) -> str:
        """Equal for candidates whose evaluation gives the same: that of the architecture, and
        where there are hyperparameters, eight digits more."""
        if not self.hyperparameters:
            return self.architecture.key
        text = json.dumps(dict(self.hyperparameters), sort_keys=True)
        return f"{self.architecture.key}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"

    @property
    def is_reference(self) -> bool:
        return self.origin.operation == REFERENCE


@dataclass(frozen=True, slots=True)
class Epoch:
    """One point of a learning curve.

    train_loss: the mean over the epoch, in nats: a symbol, or what else the task predicts.
    valid_metric: the task's metric on validation data.
    wall_seconds: since training began.
    measures: what else validation measured, by name, such as the precision beside F1.
    """

    train_loss: float
    valid_metric: float
    wall_seconds: float
    measures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trial:
    """A candidate after evaluation. `metric` is None and `fitness` −∞ unless status is `OK`."""

    candidate: Candidate
    status: Status
    seed: int
    curve: tuple[Epoch, ...]
    metric: float | None
    fitness: float  # higher is better
    num_params: int | None
    wall_seconds: float  # of the whole evaluation, data loading and building included
    cause: str | None = None  # for failures: what happened, and in which epoch
    reused_from: int | None = None  # number of the earlier candidate with the same key, if any
    details: Mapping[str, Json] = field(default_factory=dict)  # such as the metric of every task

    def __post_init__(self) -> None:
        if self.status is Status.OK:
            assert self.metric is not None
            assert math.isfinite(self.metric), self.metric
            assert math.isfinite(self.fitness), self.fitness
        else:
            assert self.metric is None, self.metric
            assert self.fitness == -math.inf, self.fitness

    @property
    def number(self) -> int:
        return self.candidate.number

    @property
    def origin(self) -> Origin:
        return self.candidate.origin

    @property
    def cell(self) -> Architecture:
        """What was trained: a cell, a layer or a network, read where the archive has its text."""
        architecture = self.candidate.architecture
        return architecture.read() if isinstance(architecture, StoredArchitecture) else architecture

    @classmethod
    def failed(
        cls,
        candidate: Candidate,
        status: Status,
        seed: int,
        cause: str,
        wall_seconds: float,
        *,
        curve: tuple[Epoch, ...] = (),
        num_params: int | None = None,
        details: Mapping[str, Json] | None = None,
    ) -> "Trial":
        """The trial of a candidate whose evaluation came to no metric."""
        return cls(
            candidate, status, seed, curve, None, -math.inf, num_params, wall_seconds, cause,
            details=details or {},
        )  # fmt: skip

    def reuse(self, candidate: Candidate) -> "Trial":
        """The trial of another candidate with the same key, which cost nothing."""
        assert candidate.key == self.candidate.key, (candidate, self.candidate)
        return replace(
            self, candidate=candidate, wall_seconds=0.0, reused_from=self.candidate.number
        )


@dataclass(frozen=True, slots=True)
class Beginning:
    """What only the command that began a run could know.

    choices: the file of conf/ that was chosen from each group, by group.
    overrides: as they were typed.
    config_dir: the folder of the user's own configuration, if there was one.
    metric_name: of the trials, such as "perplexity".
    """

    choices: Mapping[str, str]
    overrides: tuple[str, ...]
    config_dir: str | None
    metric_name: str
    lower_is_better: bool  # of the metric


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What identifies a run and says where it comes from."""

    name: str  # tells the runs of one database server apart
    config_hash: str  # of all that defines the run; the same hash resumes it
    config: Json
    revision: str  # of the source code
    beginning: Beginning | None = (
        None  # until it has begun, and where schema 1 or 2 did not keep it
    )
