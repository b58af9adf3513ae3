"""What a search found: printed at its end, and kept as a table for other programs."""

from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.text import Text
from typing_extensions import override

from archsearch.archive import RunInfo, Status, Trial
from archsearch.search.callback import Callback, Ending, Figures
from archsearch.search.callbacks.best_cell import DRAWING_FILE
from archsearch.search.callbacks.ranking import Ranked, rank, to_csv
from archsearch.search.callbacks.ranking_table import ranking_table
from archsearch.search.callbacks.standings import Standings
from archsearch.search.callbacks.terminal import stdout_console
from archsearch.search.callbacks.wording import (
    commonest_cause,
    duration_text,
    failures_text,
    hyperparameters_text,
    result_text,
    verdict_text,
)
from archsearch.whole_file import write_whole

LEADERBOARD_FILE = "leaderboard.csv"


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
            self._print_best()

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
        if failures := self._standings.failures:
            cause, count = commonest_cause(self._trials)
            console.print(
                f"{failures.total()} failed: {failures_text(failures)}; the commonest cause "
                f"({count} of {failures.total()}): {cause}",
                style="red", soft_wrap=True,
            )  # fmt: skip
        console.print()
        self._print_best()
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

    def _print_best(self) -> None:
        """The best cell, the best reference, and what that shows."""
        best, reference = self._standings.best, self._standings.best_reference
        if best is None:
            ended = "trained without failing" if self._standings.num_proposed else "trained so far"
            self._console.print(f"no cell of the strategy was {ended}")
            return
        text = Text(f"best cell: {result_text(best, self._metric_name)}", style="bold green")
        if reference:
            name = result_text(reference, self._metric_name)
            text.append(f"\nbest reference: {name}", style="not bold cyan")
            text.append(f"\n{verdict_text(best, reference)}", style="not bold default")
        self._console.print(text, soft_wrap=not self._console.is_terminal)
