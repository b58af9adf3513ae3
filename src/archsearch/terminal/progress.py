"""Shows a search while it runs: a live panel on a terminal, a line a trial everywhere else."""

import sys
from collections.abc import Collection

from rich.console import Console
from rich.live import Live
from rich.text import Text
from typing_extensions import override

from archsearch.archive import UNTRAINABLE, Candidate, RunInfo, Status, Trial
from archsearch.findings.standings import Standings
from archsearch.search.callback import Callback, Ending, Figures
from archsearch.terminal.console import can_animate, stderr_console
from archsearch.terminal.pace import Pace
from archsearch.terminal.panel import SearchPanel
from archsearch.wording import (
    MISSING,
    cause_text,
    clock_text,
    duration_text,
    metric_text,
    origin_text,
    outcome_text,
    params_text,
)


class Progress(Callback):
    """Prints to stderr, so that results on stdout can be redirected while the search is watched.

    metric_name: what the task calls its metric, such as "perplexity".
    references: the names of the reference cells, which are trained first.
    compute_seconds: the run's limit on the trials' seconds together, if it has one.
    live: None shows the panel exactly where lines can be replaced.
    refreshes_per_second: how often the panel's clock moves; drawing it takes a few milliseconds.
    """

    def __init__(
        self,
        metric_name: str,
        *,
        references: Collection[str] = (),
        compute_seconds: float | None = None,
        live: bool | None = None,
        refreshes_per_second: float = 1.0,
        console: Console | None = None,
    ) -> None:
        self._metric_name = metric_name
        self._references = references
        self._compute_seconds = compute_seconds
        self._console = console or stderr_console()
        self._is_live = can_animate(self._console) if live is None else live
        self._refreshes_per_second = refreshes_per_second
        self._live: Live | None = None

    @override
    def on_start(self, run: RunInfo, trials: int) -> None:
        self._standings = Standings()
        self._pace = Pace(trials, self._compute_seconds)
        self._lines = TrialLines(self._metric_name, trials, in_log=not self._is_live)
        self._panel = SearchPanel(
            run.name, self._metric_name, trials, self._standings, self._pace, len(self._references)
        )
        self._num_replayed = 0
        self._has_header = False
        if self._is_live:
            self._live = Live(
                self._panel,
                console=self._console,
                refresh_per_second=self._refreshes_per_second,
                transient=True,  # the leaderboard takes its place
                redirect_stdout=sys.stdout.isatty(),  # to a file, it must stay there
            )
            self._live.start(refresh=True)
        else:
            self._print(run.name, "")

    @override
    def on_launch(self, candidate: Candidate) -> None:
        with self._panel.lock:
            self._panel.in_flight[candidate.number] = candidate

    @override
    def on_replay(self, trial: Trial, figures: Figures) -> None:
        with self._panel.lock:
            self._standings.add(trial)
            self._pace.replayed(trial.wall_seconds, is_reference=trial.candidate.is_reference)
            self._panel.figures = figures
        self._num_replayed += 1

    @override
    def on_trial(self, trial: Trial, figures: Figures) -> None:
        with self._panel.lock:
            is_best = self._standings.add(trial)
            self._panel.in_flight.pop(trial.candidate.number, None)
            self._pace.told(trial.wall_seconds, is_reference=trial.candidate.is_reference)
            self._panel.figures = figures
        if not self._has_header:
            self._has_header = True
            if self._num_replayed:
                self._print(f"resumed after {self._num_replayed} trials", "dim")
            self._print(self._lines.header(), "dim")
        line = self._lines.line(trial, self._standings, self._pace.seconds_left())
        is_failed_reference = trial.candidate.is_reference and trial.status is not Status.OK
        self._print(line, line_style(trial, is_best=is_best), in_full=is_failed_reference)
        if is_failed_reference:
            self._warn_if_all_references_failed()

    @override
    def on_end(self, ending: Ending) -> None:
        if self._live:
            self._live.stop()
            self._live = None

    def _warn_if_all_references_failed(self) -> None:
        references = self._standings.references.values()
        if len(references) < len(self._references) or self._standings.best_reference:
            return
        if not all(trial.status in UNTRAINABLE for trial in references):  # else the loop stops
            self._print(
                "warning: all references failed, so nothing stands beside the cells to come; if "
                "budget or trainer are to blame, these will fail too",
                "red",
                in_full=True,
            )

    def _print(self, line: str, style: str, *, in_full: bool = False) -> None:
        """A line that a terminal cuts at its width, and a log shows in full and without style."""
        if self._is_live:
            # Options of `print` would hold for the panel too, which is drawn again below the line.
            text = Text(line, style=style)
            if not in_full:
                text.truncate(self._console.width, overflow="ellipsis")
            self._console.print(text)
        else:
            self._console.out(line, highlight=False)


class TrialLines:
    """Lays the lines out; `trials` and `metric_name` fix the widths of their columns.

    in_log: a log's lines say how much time is left, what the best metric is and why a trial
        failed; below a terminal's lines a panel does, and they must fit the width. Why a reference
        failed both say: all others may fail for it.
    """

    def __init__(self, metric_name: str, trials: int, *, in_log: bool) -> None:
        self._trials = trials
        self._in_log = in_log
        self._widths = {
            "done": max(len(f"{trials}/{trials}"), len("done")),
            "trial": 5,
            metric_name: max(len("out of memory"), len(metric_name)),
            "best": 9,
            "params": 6,
            "time": 6,
            "left": 7,
        }
        if not in_log:
            del self._widths["best"], self._widths["left"]

    def header(self) -> str:
        names = "  ".join(f"{name:>{width}}" for name, width in self._widths.items())
        return f"{names}  origin"

    def line(self, trial: Trial, standings: Standings, seconds_left: float | None) -> str:
        """`standings` are those with this trial in them."""
        candidate, is_reused = trial.candidate, trial.reused_from is not None
        done = f"{standings.num_proposed}/{self._trials}"
        figures = [
            "ref" if candidate.is_reference else done,
            str(candidate.number),
            outcome_text(trial),
            params_text(trial.num_params),
            MISSING if is_reused else duration_text(trial.wall_seconds),
        ]
        if self._in_log:
            best = standings.best
            figures.insert(3, metric_text(best.metric if best else None))
            figures.append(clock_text(seconds_left))
        columns = zip(figures, self._widths.values(), strict=True)
        line = "  ".join(f"{figure:>{width}}" for figure, width in columns)
        line = f"{line}  {origin_text(candidate)}"
        if is_reused:
            return f"{line}, same cell as {trial.reused_from}"
        if trial.cause and (self._in_log or candidate.is_reference):
            return f"{line}: {cause_text(trial)}"
        return line


def line_style(trial: Trial, *, is_best: bool) -> str:
    """How a terminal shows a trial's line."""
    if is_best:
        return "bold green"
    if trial.candidate.is_reference:
        return "cyan"
    if trial.status is not Status.OK:
        return "red"
    return "dim" if trial.reused_from is not None else ""
