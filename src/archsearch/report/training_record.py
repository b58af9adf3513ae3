"""What a report knows of one training, `python -m archsearch.train`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from archsearch.archive import Json
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
    results = sorted(
        (training.result for training in trainings),
        key=lambda r: (str(r["task"]), str(r["budget"]["name"]), r["num_params"], r["seed"]),
    )
    return table(
        "trainings",
        "Trainings of single cells. Where match_parameters made them equally large, this is the "
        "comparison at equal parameters.",
        ("task", "budget", "cell", "parameters", "width", "seed", "metric", "valid", "test"),
        [
            (
                r["task"], r["budget"]["name"], r.get("name") or " ".join(r["cell"].split()),
                r["num_params"], r["budget"].get("hidden_size"), r["seed"], r["metric"],
                r["valid"], r.get("test"),
            )
            for r in results
        ],
    )  # fmt: skip
