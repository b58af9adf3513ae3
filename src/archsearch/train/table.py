"""`python -m archsearch.train.table outputs/*-train-*`: trainings side by side.

A row for each cell under each setting of a task, a setting being all of the configuration but cell
and seed: mean and standard deviation of the test metric over seeds.
"""

import argparse
import csv
import json
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from rich import box
from rich.console import Console
from rich.table import Table

from archsearch.cell import zoo
from archsearch.command import USAGE, Parser
from archsearch.config import config_hash, identity
from archsearch.train.lines import figure
from archsearch.train.trained import CONFIG, FAILED, RESULT

COLUMNS = (
    "task", "setting", "cell", "parameters", "metric", "split", "mean", "deviation", "seeds",
    "failed", "minutes",
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


def main() -> None:
    """The command."""
    options = _parser().parse_args()
    rows = table(options.folders)
    if not rows:
        sys.stderr.write(
            f"archsearch: expected folders of finished trainings, none has a {RESULT} or {FAILED}\n"
        )
        raise SystemExit(USAGE)
    Console().print(drawn(rows))
    if options.csv is not None:
        write_csv(rows, options.csv)


def table(folders: Iterable[Path]) -> list[Row]:
    """By task and setting; within them the fewest parameters first."""
    groups: dict[tuple[str, str, str, str], list[dict[str, Any]]] = defaultdict(list)
    for folder in folders:
        files = [folder / name for name in (RESULT, FAILED) if (folder / name).is_file()]
        if files:
            result = json.loads(files[0].read_text(encoding="utf-8"))
            config = OmegaConf.load(folder / CONFIG)
            # The result knows: a later command may have tested what this configuration left.
            is_tested = config.test if "cause" in result else result["test"] is not None
            split = "test" if is_tested else "valid"
            groups[result["task"], _setting(config), split, result["key"]].append(result)
    rows = [_row(setting, split, results) for (_, setting, split, _), results in groups.items()]
    return sorted(rows, key=lambda row: (row.task, row.setting, row.parameters, row.cell))


def drawn(rows: Sequence[Row]) -> Table:
    """For a terminal."""
    drawing = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("task", "setting", "cell", "parameters", "result", "seeds", "failed"):
        drawing.add_column(name, overflow="fold", justify="right" if name in _NUMBERS else "left")
    for row in rows:
        deviation = "" if row.deviation is None else f" ± {figure(row.deviation)}"
        result = (
            "–" if row.mean is None else f"{figure(row.mean)}{deviation} {row.metric}, {row.split}"
        )
        drawing.add_row(
            row.task, row.setting, row.cell, f"{row.parameters:,}", result, str(row.seeds),
            str(row.failed),
        )  # fmt: skip
    return drawing


def write_csv(rows: Sequence[Row], path: Path) -> None:
    """For other programs."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([getattr(row, name) for name in COLUMNS] for row in rows)


def _setting(config: Any) -> str:
    """Four digits that differ where anything but cell and seed does."""
    part = {key: value for key, value in identity(config).items() if key not in ("cell", "seed")}
    return f"{part['budget']['name']} {config_hash(part)[:4]}"


def _row(setting: str, split: str, results: Sequence[dict[str, Any]]) -> Row:
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
    )


_NUMBERS = ("parameters", "seeds", "failed")
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
