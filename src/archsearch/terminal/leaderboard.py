"""What a search found: printed at its end, and kept as a table for other programs."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from typing_extensions import override

from archsearch.archive import Metric, RunInfo, Status, Trial
from archsearch.best_cell import DRAWING_FILE
from archsearch.findings.standings import Ranked, Standings, commonest_cause, rank, shown
from archsearch.search.callback import Callback, Ending, Figures
from archsearch.terminal.console import stdout_console
from archsearch.whole_file import write_whole
from archsearch.wording import (
    Scale,
    cell_text,
    duration_text,
    failures_text,
    found_lines,
    hyperparameters_text,
    origin_text,
    outcome_text,
    params_text,
    shortened,
)

LEADERBOARD_FILE = "leaderboard.csv"
# Narrower terminals go without the columns that say least, since the file has them all.
WIDTH_FOR_CELLS = 72
ORIGIN_WIDTH = 20


class Leaderboard(Callback):
    """Ranks the trials of a run, reference cells in their places, when the run is complete.

    An interrupted run prints one line instead; either way `leaderboard.csv` holds all trials. A
    cell that was proposed again stands there once, under the number that it was evaluated as.

    metric_name: what the task calls its metric, such as "perplexity".
    next_command: what to run next with the best cell.
    check_command: what trains it and the references with equally many parameters under fresh seeds;
        None where nothing can.
    rows: how many cells of the strategy to print.
    """

    def __init__(
        self,
        run_dir: Path,
        metric_name: str,
        *,
        next_command: Callable[[Trial], str],
        check_command: Callable[[Trial], str | None],
        rows: int = 10,
        console: Console | None = None,
    ) -> None:
        self._run_dir = run_dir
        self._metric_name = metric_name
        self._next_command = next_command
        self._check_command = check_command
        self._rows = rows
        self._console = console or stdout_console()
        self._standings = Standings()
        self._trials: list[Trial] = []

    @override
    def on_start(self, run: RunInfo, trials: int) -> None:
        self._standings = Standings()
        self._trials = []

    @override
    def on_replay(self, trial: Trial, figures: Figures) -> None:
        self._add(trial)

    @override
    def on_trial(self, trial: Trial, figures: Figures) -> None:
        self._add(trial)

    @override
    def on_end(self, ending: Ending) -> None:
        if ending is Ending.FAILED:  # its exception is what the user must see
            return
        ranked = rank(self._trials)
        write_whole(self._run_dir / LEADERBOARD_FILE, to_csv(ranked, self._metric_name))
        if ending is Ending.COMPLETE:
            self._print(ranked)
        else:
            self._print_found()

    def _add(self, trial: Trial) -> None:
        self._standings.add(trial)
        self._trials.append(trial)

    def _print(self, ranked: Sequence[Ranked]) -> None:
        console = self._console
        if any(entry.trial.status is Status.OK for entry in ranked):
            console.print(ranking_table(ranked, self._metric_name, self._rows, console.width))
        seconds = sum(trial.wall_seconds for trial in self._trials)
        counts = f"{self._standings.num_proposed} trials"
        if references := len(self._standings.references):
            counts += f" and {references} reference cells"
        console.print(f"{counts}, {duration_text(seconds)} of training together")
        if self._standings.failures:
            console.print(failed_text(self._trials), soft_wrap=True)
        console.print()
        self._print_found()
        if best := self._standings.best:
            cell = best.candidate.architecture
            console.print(Padding(Text(str(cell)), (1, 2)))
            if hyperparameters := hyperparameters_text(best.candidate):
                console.print(Padding(f"with {hyperparameters}", (0, 2, 1, 2)))
            console.print(Padding(Text(cell.equations()), (0, 2, 1, 2)))
            console.print(f"drawing: {self._run_dir / DRAWING_FILE}", soft_wrap=True)
        names = (path.name for path in self._run_dir.iterdir())
        # Hidden ones, and what SQLite keeps beside an open database, are nobody's result.
        files = sorted(n for n in names if n[0] != "." and not n.endswith(("-wal", "-shm")))
        # Paths and commands are left to the terminal to wrap, so that they can be copied whole.
        console.print(f"files in {self._run_dir}:", soft_wrap=True)
        console.print(Padding(", ".join(files), (0, 2)))
        if best:  # else there is nothing to go on with
            if self._standings.best_reference and (check := self._check_command(best)):
                console.print(f"check, at equal size under fresh seeds: {check}", soft_wrap=True)
            console.print(f"next: {self._next_command(best)}", soft_wrap=True)

    def _print_found(self) -> None:
        found = found_text(self._standings, self._metric_name)
        self._console.print(found, soft_wrap=not self._console.is_terminal)


def failed_text(trials: Iterable[Trial]) -> Text:
    """How many trials failed of each kind, and the commonest cause."""
    failed = [trial for trial in trials if trial.is_new_failure]
    kinds = failures_text(Counter(trial.status for trial in failed))
    cause, count = commonest_cause(failed)
    words = f"the commonest cause ({count} of {len(failed)}): {cause}"
    return Text(f"{len(failed)} failed: {kinds}; {words}", "red")


def found_text(standings: Standings, metric_name: str) -> Text:
    """The best cell, the best reference, and what that shows, a line each."""
    scale = Scale(Metric(metric_name))
    lines = found_lines(standings.best, standings.best_reference, scale)
    if standings.best is None:
        return Text(lines[0])
    styles = ("bold green", "cyan", "default")
    return Text("\n").join(Text(line, style) for line, style in zip(lines, styles, strict=False))


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
    if has_cells:  # takes the width that the others leave
        table.add_column("cell", no_wrap=True, overflow="ellipsis", style="dim", ratio=1)
    for group in shown(ranked, rows):
        if isinstance(group, int):
            table.add_row("...", f"{group} more", style="dim")
        else:
            table.add_row(*_row(group)[: len(table.columns)], style=_style(group))
    return table


def _row(entry: Ranked) -> list[str]:
    trial, candidate = entry.trial, entry.trial.candidate
    row = [entry.label, outcome_text(trial), params_text(trial.num_params)]
    row += [duration_text(trial.wall_seconds), str(candidate.number)]
    row.append(shortened(origin_text(candidate), ORIGIN_WIDTH))
    return [*row, cell_text(candidate.architecture)]


def _style(entry: Ranked) -> str:
    if entry.trial.candidate.is_reference:
        return "cyan"
    return "bold green" if entry.place == 1 else ""


def to_csv(ranked: Iterable[Ranked], metric_name: str) -> str:
    """A line a trial under a header; figures in full, and empty where a trial has none."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ("rank", "trial", "origin", "status", metric_name, "fitness", "num_params",
         "wall_seconds", "key", "cell", "hyperparameters", "cause")
    )  # fmt: skip
    for entry in ranked:
        trial, candidate = entry.trial, entry.trial.candidate
        is_ok = trial.status is Status.OK
        writer.writerow(
            (entry.label, candidate.number, origin_text(candidate), trial.status, trial.metric,
             trial.fitness if is_ok else None, trial.num_params, trial.wall_seconds,
             candidate.key, candidate.architecture, hyperparameters_text(candidate), trial.cause)
        )  # fmt: skip
    return text.getvalue()
