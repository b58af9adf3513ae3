"""What is known of an architecture before and after it was trained: candidate and trial."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Literal

from archsearch.architecture import Architecture, read_architecture
from archsearch.archive.metric import Metric
from archsearch.failure import Failure

Json = Any  # whatever `json.dumps` writes and `json.loads` gives back unchanged


class ArchiveError(Failure, ValueError):
    """An archive that cannot be opened, read, written or continued.

    The message is one line: what was expected, what was found, where, and what to try.
    """


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

# What a candidate may bring along; archsearch.evaluate.evaluator says what each does.
HYPERPARAMETERS = ("learning_rate", "init_scale", "clip_norm", "num_layers", "num_params")

REFERENCE = "reference"  # the operation of the cells that every run is measured against

# Details of an origin that others than its strategy read, by the properties of these names.
NAME, GENERATION, SPECIES, CHANGES = "name", "generation", "species", "mutations"
ESTIMATE = "estimate"
GUESS = "predicted"  # the detail of a trial that was guessed


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a candidate comes from: the operation and the numbers of its parents."""

    operation: str  # REFERENCE, "random", "seed", "mutation", "crossover", …
    parents: tuple[int, ...] = ()
    details: Mapping[str, Json] = field(default_factory=dict)  # what the strategy notes beside

    @classmethod
    def of_reference(cls, name: str) -> "Origin":
        return cls(REFERENCE, details={NAME: name})

    @property
    def reference(self) -> str | None:
        """The name of a reference, such as "lstm"; None of what a strategy proposed."""
        return str(self.details[NAME]) if self.operation == REFERENCE else None

    @property
    def generation(self) -> int | None:
        return self.details.get(GENERATION)

    @property
    def species(self) -> int | None:
        return self.details.get(SPECIES)

    @property
    def changes(self) -> tuple[str, ...]:
        """The mutations that were done to it, one after the other."""
        listed = self.details.get(CHANGES)
        return tuple(listed) if isinstance(listed, list) else ()  # some note how many there were

    @property
    def estimate(self) -> float | None:
        """The fitness that a predictor of cells expected."""
        return self.details.get(ESTIMATE)


@dataclass(frozen=True, slots=True)
class StoredArchitecture:
    """The text and the key at once, everything else when it is asked for.

    An `Architecture`; its other methods raise CellError where the text is none, such as that of a
    damaged archive.
    """

    text: str
    key: str

    def __str__(self) -> str:
        return self.text

    def read(self) -> Architecture:
        """The cell, layer or network itself."""
        return read_architecture(self.text)

    def equations(self, style: Literal["unicode", "latex"] = "unicode") -> str:
        return self.read().equations(style)

    def to_dot(self) -> str:
        return self.read().to_dot()

    def to_svg(self) -> str:
        return self.read().to_svg()

    _repr_svg_ = to_svg  # by this name notebooks ask for it


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
class Guess:
    """Of a training that a predictor of curves ended early: how far it came."""

    epochs_seen: int
    metric_seen: float


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
    def is_new_failure(self) -> bool:
        """Whether it failed when it was evaluated, and does not only repeat an earlier failure."""
        return self.status is not Status.OK and self.reused_from is None

    @property
    def guess(self) -> Guess | None:
        """Set where a predictor of curves stood in for the last epochs: the result is its guess."""
        known = self.details.get(GUESS)
        return None if known is None else Guess(**known)

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


def ancestors(trial: Trial, by_number: Mapping[int, Trial]) -> dict[int, Trial]:
    """Parents, their parents and so on by number, the oldest first; the trial itself is none.

    by_number: where they are looked for; one that is not there ends its line.
    """
    found: dict[int, Trial] = {}
    waiting = [trial]
    while waiting:
        for number in waiting.pop().candidate.origin.parents:
            if number in by_number and number not in found:
                found[number] = by_number[number]
                waiting.append(by_number[number])
    return dict(sorted(found.items()))


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a strategy with a policy learnt from one of its trials, as it computed it.

    number: of the trial.
    baseline: what the reward was held against.
    """

    number: int
    reward: float
    baseline: float


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run was asked for with.

    choices: the file of conf/ that was chosen from each group, by group.
    overrides: as they were typed.
    config_dir: the folder of the user's own configuration, if there was one.
    """

    choices: Mapping[str, str]
    overrides: tuple[str, ...]
    config_dir: str | None


@dataclass(frozen=True, slots=True)
class Machine:
    """What a run began on.

    versions: by name: python, torch and numpy.
    precision: of the numbers in training.
    """

    processor: str
    cores: int
    versions: Mapping[str, str]
    precision: str


@dataclass(frozen=True, slots=True)
class Beginning:
    """What only the command that began a run could know. What schema 3 did not keep is None.

    metric: of the trials. curve_metric: of their curves, which are those of a suite's first task.
    references: names of the reference cells, which may not be trained yet.
    """

    asked: Asked
    metric: Metric
    curve_metric: Metric | None = None
    references: tuple[str, ...] | None = None
    machine: Machine | None = None


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What identifies a run and says where it comes from."""

    name: str  # tells the runs of one database server apart
    config_hash: str  # of all that defines the run; the same hash resumes it
    config: Json
    revision: str  # of the source code
    beginning: Beginning | None = None  # until it has begun; schemas 1 and 2 did not keep it
