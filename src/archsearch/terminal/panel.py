"""The panel that shows a running search."""

import threading
from collections.abc import Sequence

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from archsearch.archive import Candidate, Metric
from archsearch.findings.standings import Standings
from archsearch.search.callback import Figures
from archsearch.terminal.pace import Pace
from archsearch.wording import (
    Scale,
    cell_text,
    clock_text,
    comparison_text,
    failures_text,
    figures_text,
    metric_text,
    origin_text,
    outcome_text,
    params_text,
    result_text,
)

BARS = "▁▂▃▄▅▆▇█"


class SearchPanel:
    """A rich renderable that reads what it was given again each time it is drawn.

    It is drawn in a thread of its own: hold `lock` while changing what it reads.
    """

    lock: threading.Lock
    figures: Figures
    in_flight: dict[int, Candidate]  # handed out for training and not yet told, by number

    def __init__(
        self,
        title: str,
        metric_name: str,
        trials: int,
        standings: Standings,
        pace: Pace,
        num_references: int = 0,
    ) -> None:
        self.lock = threading.Lock()
        self.figures = {}
        self.in_flight = {}
        self._num_references = num_references
        self._title = title
        self._scale = Scale(Metric(metric_name))
        self._trials = trials
        self._standings = standings
        self._pace = pace

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        with self.lock:
            body = self._body(options)
        title = Text(self._title, style="bold", overflow="ellipsis", no_wrap=True)
        yield Panel(body, title=title, title_align="left", box=box.ROUNDED, border_style="dim")
        # A terminal shows Ctrl-C as ^C where the cursor is. At the panel's end, which fills the
        # width, that would begin a line of which rich does not know when it takes the panel away.
        yield ""

    def _body(self, options: ConsoleOptions) -> Table:
        standings = self._standings
        body = Table.grid(padding=(0, 2), expand=True)
        body.add_column(style="dim", no_wrap=True)
        body.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        body.add_row("trials", self._progress_bar())
        body.add_row("", self._pace_text())
        if self.figures:
            body.add_row("search", figures_text(self.figures))
        if self.in_flight:
            body.add_row("in flight", self._in_flight_text())
        body.add_row("best", self._best_text())
        if best := standings.best:
            if reference := standings.best_reference:
                body.add_row("", f"{comparison_text(best, reference)}; one seed each")
            body.add_row("", cell_text(best.candidate.architecture))
        if standings.references:
            body.add_row("against", self._references_text())
        if standings.failures:
            body.add_row("failed", Text(failures_text(standings.failures), style="red"))
        if len(set(standings.best_so_far)) > 1 and not options.ascii_only:
            body.add_row("course", course_text(standings.best_so_far, options.max_width - 36))
        return body

    def _progress_bar(self) -> Table:
        done = self._standings.num_proposed
        row = Table.grid(padding=(0, 1), expand=True)
        row.add_column(no_wrap=True)
        row.add_column(ratio=1)
        bar = ProgressBar(total=max(1, self._trials), completed=done, complete_style="green")
        row.add_row(f"{done}/{self._trials}", bar)
        return row

    def _pace_text(self) -> str:
        per_hour, left = self._pace.trials_per_hour(), self._pace.seconds_left()
        speed = "" if per_hour is None else f", {per_hour:.0f} an hour"
        rest = "" if left is None else f", about {clock_text(left)} left"
        return f"{clock_text(self._pace.elapsed_seconds)} so far{speed}{rest}"

    def _best_text(self) -> Text:
        if best := self._standings.best:
            text = Text(result_text(best, self._scale), style="bold green")
            return text.append(f"; {origin_text(best.candidate)}", style="not bold default")
        done, expected = len(self._standings.references), self._num_references
        first = f": first the references, {done} of {expected} done" if done < expected else ""
        return Text(f"none yet{first}", style="dim")

    def _in_flight_text(self) -> str:
        """Such as "lstm, gru, trials 3, 4, 5"."""
        names = [name for c in self.in_flight.values() if (name := c.origin.reference)]
        numbers = [str(n) for n, c in self.in_flight.items() if not c.is_reference]
        if numbers:
            names.append(f"trial{'s' * (len(numbers) > 1)} {', '.join(numbers)}")
        return ", ".join(names)

    def _references_text(self) -> Text:
        by_fitness = sorted(
            self._standings.references.items(), key=lambda item: item[1].fitness, reverse=True
        )
        known = (
            f"{name} {outcome_text(trial)} ({params_text(trial.num_params)})"
            for name, trial in by_fitness
        )
        return Text(", ".join(known), style="cyan")


def course_text(course: Sequence[float], width: int) -> Text:
    """The best so far as bars, with its first and its last value."""
    text = Text(sparkline(course, width), style="green")
    return text.append(f"  {metric_text(course[0])} to {metric_text(course[-1])}", style="default")


def sparkline(values: Sequence[float], width: int) -> str:
    """The values from first to last as at most `width` bars between the lowest and the highest."""
    columns = min(len(values), max(1, width))
    last = max(1, columns - 1)
    sampled = [values[round(i * (len(values) - 1) / last)] for i in range(columns)]
    low, high = min(sampled), max(sampled)
    scale = (len(BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(BARS[round((value - low) * scale)] for value in sampled)
