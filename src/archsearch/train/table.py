"""`python -m archsearch.train.table outputs/*-train-*`: trainings side by side.

A row for each cell under each setting of a task, a setting being all of the configuration but cell
and seed: mean and standard deviation of the test metric over seeds. Where a task has several
settings, what they differ in stands below the table, and in the file.
"""

import argparse
import csv
import json
import statistics
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from rich import box
from rich.console import Console
from rich.table import Table

from archsearch.cell import zoo
from archsearch.config import config_hash, training_setting
from archsearch.train.files import CONFIG, FAILED, RESULT
from archsearch.train.lines import figure
from archsearch.usage import USAGE, Parser

COLUMNS = (
    "task", "setting", "cell", "parameters", "metric", "split", "mean", "deviation", "seeds",
    "failed", "minutes", "differs",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A cell under a setting; of the seeds that did not fail. `deviation` is None where that is one
    only, and `mean` where it is none."""

    task: str
    setting: str
    cell: str
    parameters: int
    metric: str
    split: str  # test, or valid
    mean: float | None
    deviation: float | None
    seeds: int
    failed: int
    minutes: float  # mean of a training
    differs: str  # what the setting has that another of the task has not, as overrides


def main() -> None:
    """The command."""
    options = _parser().parse_args()
    ended = [folder for folder in options.folders if _facts_file(folder) is not None]
    if not ended:
        sys.stderr.write(
            f"archsearch: expected folders of finished trainings, none has a {RESULT} or {FAILED}\n"
        )
        raise SystemExit(USAGE)
    for folder in options.folders:
        if folder not in ended:
            sys.stderr.write(f"left out: {folder}: has no {RESULT} and no {FAILED}\n")
    rows = table(ended)
    console = Console()
    console.print(drawn(rows))
    for setting, differs in {row.setting: row.differs for row in rows if row.differs}.items():
        console.print(f"{setting}: {differs}", markup=False, highlight=False, soft_wrap=True)
    if options.csv is not None:
        write_csv(rows, options.csv)


def table(folders: Iterable[Path]) -> list[Row]:
    """By task and setting; within them the fewest parameters first."""
    groups: dict[tuple[str, str, str, str], list[dict[str, Any]]] = defaultdict(list)
    settings: dict[str, dict[str, dict[str, str]]] = defaultdict(dict)
    for folder in folders:
        file = _facts_file(folder)
        if file is not None:
            result = json.loads(file.read_text(encoding="utf-8"))
            config = OmegaConf.load(folder / CONFIG)
            # The result knows: a later command may have tested what this configuration left.
            is_tested = config.test if "cause" in result else result["test"] is not None
            split = "test" if is_tested else "valid"
            setting, values = _setting(config)
            settings[result["task"]][setting] = values
            groups[result["task"], setting, split, result["key"]].append(result)
    rows = [
        _row(setting, split, results, _differs(settings[task], setting))
        for (task, setting, split, _), results in groups.items()
    ]
    return sorted(rows, key=lambda row: (row.task, row.setting, row.parameters, row.cell))


def _facts_file(folder: Path) -> Path | None:
    """What a training that has ended says of itself; None where there is none."""
    files = (folder / name for name in (RESULT, FAILED))
    return next((file for file in files if file.is_file()), None)


def drawn(rows: Sequence[Row]) -> Table:
    """For a terminal: a line a row at 80 columns. What says nothing here, such as a setting where
    a task has one, has no column; a budget's name stands below, beside what settings differ in."""
    drawing = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    columns = _drawn_columns(rows)
    for name in columns:
        drawing.add_column(
            name,
            no_wrap=True,
            overflow="ellipsis",
            justify="right" if name in _NUMBERS else "left",
        )
    for row in rows:
        drawing.add_row(*(make(row) for make in columns.values()))
    return drawing


def _drawn_columns(rows: Sequence[Row]) -> dict[str, Callable[[Row], str]]:
    columns: dict[str, Callable[[Row], str]] = {
        "task": lambda row: row.task,
        "setting": lambda row: row.setting.rpartition(" ")[2],
        "cell": lambda row: row.cell[:_KEY_LETTERS],
        "params": lambda row: f"{row.parameters:,}",
        "result": _result,
        "metric": lambda row: row.metric,
        "split": lambda row: row.split,
        "seeds": lambda row: str(row.seeds),
        "failed": lambda row: str(row.failed),
    }
    said = {
        "setting": any(row.differs for row in rows),
        "split": any(row.split != "test" for row in rows),
        "failed": any(row.failed for row in rows),
    }
    return {name: make for name, make in columns.items() if said.get(name, True)}


def _result(row: Row) -> str:
    if row.mean is None:
        return "–"
    return figure(row.mean) + ("" if row.deviation is None else f" ± {figure(row.deviation)}")


def write_csv(rows: Sequence[Row], path: Path) -> None:
    """For other programs."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([getattr(row, name) for name in COLUMNS] for row in rows)


def _setting(config: Any) -> tuple[str, dict[str, str]]:
    """A name that differs where anything but cell and seed does, and all values by their paths."""
    part = training_setting(config)
    return f"{part['budget']['name']} {config_hash(part)[:6]}", dict(_leaves(part))


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if not isinstance(value, Mapping):
        yield path, "null" if value is None else str(value)
        return
    for key, inner in value.items():
        yield from _leaves(inner, f"{path}.{key}" if path else str(key))


def _differs(settings: Mapping[str, Mapping[str, str]], setting: str) -> str:
    """Of this setting, the values that are not the same in all settings."""
    return " ".join(
        f"{path}={value}"
        for path, value in settings[setting].items()
        if any(other.get(path) != value for other in settings.values())
    )


def _row(setting: str, split: str, results: Sequence[dict[str, Any]], differs: str) -> Row:
    first = results[0]
    done = [result for result in results if "cause" not in result]
    metrics = [result[split] for result in done]
    return Row(
        first["task"],
        setting,
        _NAMES.get(first["key"], first["key"]),
        first["num_params"],
        first["metric"],
        split,
        statistics.mean(metrics) if metrics else None,
        statistics.stdev(metrics) if len(metrics) > 1 else None,
        len({result["seed"] for result in done}),
        len(results) - len(done),
        statistics.mean(result["wall_seconds"] for result in results) / 60,
        differs,
    )


_NUMBERS = ("params", "seeds", "failed")
_KEY_LETTERS = 12  # of a cell that has no name
_NAMES = {zoo[name].key: name for name in zoo}


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m archsearch.train.table",
        description="Metrics of finished trainings: mean and deviation over seeds.",
    )
    parser.add_argument("folders", nargs="+", type=Path, help="what archsearch.train has written")
    parser.add_argument("--csv", type=Path, help="write the table there too")
    return parser


if __name__ == "__main__":
    main()
