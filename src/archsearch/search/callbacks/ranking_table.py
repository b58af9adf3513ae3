"""The first of a ranking as a table on a terminal."""

from collections.abc import Sequence

from rich import box
from rich.table import Table

from archsearch.archive import Status
from archsearch.search.callbacks.ranking import Ranked, shown
from archsearch.search.callbacks.wording import (
    cell_text,
    duration_text,
    origin_text,
    outcome_text,
    params_text,
    shortened,
)

# Narrower terminals go without the columns that say least, since the file has them all.
WIDTH_FOR_CELLS, WIDTH_FOR_FITNESS = 72, 100
ORIGIN_WIDTH = 20


def ranking_table(ranked: Sequence[Ranked], metric_name: str, rows: int, width: int) -> Table:
    """The first `rows` cells and all references; `...` stands for the cells between them.

    width: of the terminal, in characters.
    """
    has_cells = width >= WIDTH_FOR_CELLS
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), expand=has_cells)
    for name in ("rank", metric_name, "params", "time"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("trial", justify="right", no_wrap=True)
    table.add_column("origin", no_wrap=True)
    if width >= WIDTH_FOR_FITNESS:
        table.add_column("fitness", justify="right", no_wrap=True)
    if has_cells:  # takes the width that the others leave
        table.add_column("cell", no_wrap=True, overflow="ellipsis", style="dim", ratio=1)
    for group in shown(ranked, rows):
        if isinstance(group, int):
            table.add_row("...", f"{group} more", style="dim")
        else:
            table.add_row(*_row(group, width)[: len(table.columns)], style=_style(group))
    return table


def _row(entry: Ranked, width: int) -> list[str]:
    trial, candidate = entry.trial, entry.trial.candidate
    row = [entry.label, outcome_text(trial), params_text(trial.num_params)]
    row += [duration_text(trial.wall_seconds), str(candidate.number)]
    row.append(shortened(origin_text(candidate), ORIGIN_WIDTH))
    if width >= WIDTH_FOR_FITNESS:
        row.append(f"{trial.fitness:#.5g}" if trial.status is Status.OK else "")
    return [*row, cell_text(candidate.architecture)]


def _style(entry: Ranked) -> str:
    if entry.trial.candidate.is_reference:
        return "cyan"
    return "bold green" if entry.place == 1 else ""
