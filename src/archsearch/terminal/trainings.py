"""`python -m archsearch.report --table outputs/*-train-*`: trainings side by side on a terminal."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from archsearch.findings.differences import LEAST_SEEDS
from archsearch.findings.trainings import (
    TrainedCell,
    TrainingComparison,
    TrainingRecord,
    compare_trainings,
    trainings_summary,
)
from archsearch.wording import MISSING, metric_text


def show_trainings(trainings: Sequence[TrainingRecord], console: Console) -> None:
    """For each setting of each task what its trainings show, and a line for each cell."""
    for comparison in compare_trainings(trainings):
        console.print(trainings_summary(comparison), soft_wrap=True)
        console.print(_table(comparison))


def _table(comparison: TrainingComparison) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("cell", no_wrap=True)
    mean = f"mean {comparison.split} {comparison.scale.name}"
    for name in (mean, "95% interval", "params", "seeds", "failed"):
        table.add_column(name, justify="right", no_wrap=True)
    for cell in comparison.cells:
        table.add_row(*_row(cell))
    return table


def _row(cell: TrainedCell) -> tuple[str, ...]:
    mean, low, high = cell.interval
    count = len(cell.by_seed)
    interval = f"{metric_text(low)} to {metric_text(high)}" if count >= LEAST_SEEDS else MISSING
    return (
        cell.name, metric_text(mean if count else None), interval, f"{cell.num_params:,}",
        str(count), str(cell.num_failed),
    )  # fmt: skip
