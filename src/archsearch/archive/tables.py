"""The tables of the archive, and a trial as a row of them.

The columns are plain numbers and texts, so that any SQL tool can read an archive. Structured
values are canonical JSON. JSON knows neither NaN nor infinity: in a curve they are the strings
that `float` reads ("nan", "inf"), and a fitness of −∞ is NULL.
"""

import json
import math
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.engine import RowMapping

from archsearch.architecture import Architecture, read_architecture
from archsearch.archive.metric import FitnessRule, Metric
from archsearch.archive.records import (
    ArchiveError,
    Asked,
    Beginning,
    Candidate,
    Epoch,
    Json,
    Machine,
    Origin,
    RunInfo,
    Status,
    StoredArchitecture,
    Trial,
)
from archsearch.cell import CellError

SCHEMA_VERSION = 4
READABLE_SCHEMAS = (1, 2, 3, 4)

metadata = MetaData()

schema_version = Table(
    "schema_version",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("config_hash", String(64), nullable=False),
    Column("config", Text, nullable=False),
    Column("revision", String(255), nullable=False),
    Column("created", String(32), nullable=False),  # ISO 8601, UTC
    Column("beginning", Text),  # since schema 3, with more in it since 4; an object, or NULL
)


def _trial_columns() -> list[Any]:
    return [
        Column("id", Integer, primary_key=True),  # rises in the order of the table
        Column("run", ForeignKey(runs.c.id), nullable=False),
        Column("number", Integer, nullable=False),
        Column("key", String(64), nullable=False),
        Column("cell", Text, nullable=False),
        Column("genome", Text, nullable=False),
        Column("hyperparameters", Text, nullable=False, server_default="{}"),  # since schema 2
        Column("origin", Text, nullable=False),
        Column("status", String(16), nullable=False),
        Column("seed", BigInteger, nullable=False),
        # [[train_loss, valid_metric, wall_seconds], …], each with an object of measures if any
        Column("curve", Text, nullable=False),
        Column("metric", Double),
        Column("fitness", Double),  # NULL is −∞
        Column("num_params", BigInteger),
        Column("wall_seconds", Double, nullable=False),
        Column("cause", Text),
        Column("reused_from", Integer),
        Column("details", Text, nullable=False, server_default="{}"),  # since schema 2
        UniqueConstraint("run", "number"),
    ]


# In the order in which the strategy hears of them.
trials = Table("trials", metadata, *_trial_columns())
Index("trials_by_key", trials.c.run, trials.c.key)

# Trials that finished before their turn; each leaves this table when it enters `trials`.
early_trials = Table("early_trials", metadata, *_trial_columns())


# What strategies learnt from their trials.
lessons = Table(
    "lessons",
    metadata,
    Column("run", ForeignKey(runs.c.id), primary_key=True),
    Column("number", Integer, primary_key=True),  # of the trial
    Column("reward", Double, nullable=False),
    Column("baseline", Double, nullable=False),
)
LATER_TABLES = ((4, lessons),)

# The columns that came after schema 1: schema, table, name, and the rest of their definition.
LATER_COLUMNS = (
    (2, trials, "hyperparameters", "TEXT NOT NULL DEFAULT '{}'"),
    (2, trials, "details", "TEXT NOT NULL DEFAULT '{}'"),
    (2, early_trials, "hyperparameters", "TEXT NOT NULL DEFAULT '{}'"),
    (2, early_trials, "details", "TEXT NOT NULL DEFAULT '{}'"),
    (3, runs, "beginning", "TEXT"),
)


def to_json(value: Json) -> str:
    """Canonical JSON: one text for equal values."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def proposal_columns(candidate: Candidate) -> dict[str, Any]:
    """What a strategy decided; the same in a replay as in the run itself."""
    origin = candidate.origin
    return {
        "number": candidate.number,
        "key": candidate.key,
        "genome": to_json(candidate.genome),
        "hyperparameters": to_json(dict(candidate.hyperparameters)),
        "origin": to_json([origin.operation, list(origin.parents), dict(origin.details)]),
    }


def run_info(row: RowMapping) -> RunInfo:
    """The run that a row holds."""
    beginning = read_beginning(row.get("beginning"))
    config = json.loads(row["config"])
    return RunInfo(row["name"], row["config_hash"], config, row["revision"], beginning)


def read_beginning(text: str | None) -> Beginning | None:
    if text is None:
        return None
    known = json.loads(text)
    if "asked" not in known:  # schema 3
        metric = Metric(known.pop("metric_name"), known.pop("lower_is_better"))
        return Beginning(_asked(known), metric)
    return Beginning(
        _asked(known["asked"]),
        _metric(known["metric"]),
        _metric(known["curve_metric"]),
        tuple(known["references"]),
        Machine(**known["machine"]),
    )


def _asked(known: dict[str, Json]) -> Asked:
    return Asked(**{**known, "overrides": tuple(known["overrides"])})


def _metric(known: dict[str, Json]) -> Metric:
    return Metric(**{**known, "rule": known["rule"] and FitnessRule(known["rule"])})


def to_row(trial: Trial, run: int) -> dict[str, Any]:
    """The columns of a trial, without its id."""
    return {
        "run": run,
        **proposal_columns(trial.candidate),
        "cell": str(trial.candidate.architecture),
        "status": trial.status.value,
        "seed": trial.seed,
        "curve": to_json([_encode_epoch(epoch) for epoch in trial.curve]),
        "metric": trial.metric,
        "fitness": trial.fitness if trial.status is Status.OK else None,
        "num_params": trial.num_params,
        "wall_seconds": trial.wall_seconds,
        "cause": trial.cause,
        "reused_from": trial.reused_from,
        "details": to_json(dict(trial.details)),
    }


def from_row(row: RowMapping, place: str) -> Trial:
    """The trial that a row holds; `place` is where, for errors.

    Raises:
        ArchiveError: the row was damaged, or written under another meaning of the cell language.
    """
    try:
        architecture = read_architecture(row["cell"])
    except CellError as error:
        reason = str(error).splitlines()[0]
        raise ArchiveError(
            f"{place}, trial {row['number']}: its cell cannot be read ({reason}); the file is "
            "damaged, or another revision of archsearch wrote it"
        ) from error
    trial = _trial(row, architecture)
    key = trial.candidate.key
    if key != row["key"]:
        raise ArchiveError(
            f"{place}, trial {row['number']}: expected a cell with the key {row['key']}, got "
            f"{key}; the file is damaged, or another revision of archsearch wrote it"
        )
    return trial


def stored_trial(row: RowMapping) -> Trial:
    """The same with a `StoredArchitecture`, which is not held against its key."""
    architecture_key, _, _of_hyperparameters = row["key"].partition("-")
    return _trial(row, StoredArchitecture(row["cell"], architecture_key))


def _trial(row: RowMapping, architecture: Architecture) -> Trial:
    operation, parents, details = json.loads(row["origin"])
    candidate = Candidate(
        number=row["number"],
        architecture=architecture,
        genome=json.loads(row["genome"]),
        origin=Origin(operation, tuple(parents), details),
        hyperparameters=json.loads(row.get("hyperparameters", "{}")),
    )
    return Trial(
        candidate=candidate,
        status=Status(row["status"]),
        seed=row["seed"],
        curve=tuple(_decode_epoch(*epoch) for epoch in json.loads(row["curve"])),
        metric=row["metric"],
        fitness=-math.inf if row["fitness"] is None else row["fitness"],
        num_params=row["num_params"],
        wall_seconds=row["wall_seconds"],
        cause=row["cause"],
        reused_from=row["reused_from"],
        details=json.loads(row.get("details", "{}")),
    )


def _encode_epoch(epoch: Epoch) -> list[Json]:
    values = (epoch.train_loss, epoch.valid_metric, epoch.wall_seconds)
    measures = {name: _encode_number(value) for name, value in epoch.measures.items()}
    return [*map(_encode_number, values), *([measures] if measures else [])]


def _decode_epoch(
    train_loss: Json, valid_metric: Json, wall_seconds: Json, measures: Json | None = None
) -> Epoch:
    numbers = {name: float(value) for name, value in (measures or {}).items()}
    return Epoch(float(train_loss), float(valid_metric), float(wall_seconds), numbers)


def _encode_number(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)
