"""What a report knows of one training, `python -m archsearch.train`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archsearch.archive import Json
from archsearch.cell import zoo
from archsearch.config import ConfigError
from archsearch.report.table import Table, table

RESULT_FILE = "result.json"


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """A finished training; `result` is its result.json."""

    folder: Path
    result: Mapping[str, Json]

    @property
    def name(self) -> str:
        return self.folder.resolve().name

    @property
    def cell(self) -> str:
        """Its name in the zoo, or its text on one line."""
        return _NAMES.get(self.result["key"]) or " ".join(self.result["cell"].split())


def is_training(folder: Path) -> bool:
    """Whether the directory is that of a finished training."""
    return (folder / RESULT_FILE).is_file()


def read_training(folder: Path) -> TrainingRecord:
    """Raises ConfigError where its result cannot be read."""
    file = folder / RESULT_FILE
    try:
        result = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(
            f"{file}: expected the result of `python -m archsearch.train` ({error})"
        ) from None
    if not isinstance(result, dict) or "num_params" not in result:
        raise ConfigError(f"{file}: expected the result of `python -m archsearch.train`")
    return TrainingRecord(folder, result)


def table_of_trainings(trainings: list[TrainingRecord]) -> Table:
    """By task; the smallest networks first, so that those of equal size stand together."""
    rows = [_row(training) for training in trainings]
    return table(
        "trainings",
        "Trainings of single cells. Where match_parameters made them equally large, this is the "
        "comparison at equal parameters.",
        ("task", "budget", "cell", "parameters", "width", "seed", "metric", "valid", "test"),
        sorted(rows, key=lambda row: (str(row[0]), str(row[1]), row[3], row[5])),
    )


def _row(training: TrainingRecord) -> tuple[Any, ...]:
    r = training.result
    budget = r["budget"]
    return (
        r["task"], budget["name"], training.cell, r["num_params"], budget.get("hidden_size"),
        r["seed"], r["metric"], r["valid"], r.get("test"),
    )  # fmt: skip


_NAMES = {zoo[name].key: name for name in zoo}
