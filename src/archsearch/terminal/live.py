"""`python -m archsearch.report --live outputs/<run>`: a search on the terminal, at work or done."""

import time
from collections.abc import Callable
from pathlib import Path

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from archsearch.archive import is_locked
from archsearch.findings.origins import by_origin
from archsearch.findings.standings import rank
from archsearch.run import Run, load
from archsearch.terminal.console import can_animate
from archsearch.terminal.leaderboard import failed_text, found_text, ranking_table
from archsearch.terminal.panel import course_text
from archsearch.wording import duration_text, metric_text

SECONDS_BETWEEN_LOOKS = 2.0
REST_SHARE = 10  # a look at a large archive takes long; looking takes a tenth of the time at most
LINES_BESIDE = 24  # of a view, beside its cells; below the edge of a terminal nobody sees it
MOST_CELLS, LEAST_CELLS = 8, 3


def watch(folder: Path, console: Console, sleep: Callable[[float], None] = time.sleep) -> None:
    """Show the run until the search at work on it ends, or the user has seen enough.

    Where lines cannot be replaced, or nothing is at work, the run is shown once.

    Raises:
        ArchiveError: there is no archive that can be read.
    """
    is_running = is_locked(folder)
    run = load(folder)
    if not is_running or not can_animate(console):
        console.print(view(run, console, is_running=is_running))
        return
    try:
        with Live(console=console, auto_refresh=False) as live:
            while is_running:
                started = time.monotonic()
                is_running = is_locked(folder)  # first: no trial comes after the last look
                live.update(view(load(folder), console, is_running=is_running), refresh=True)
                took = time.monotonic() - started
                if is_running:
                    sleep(max(SECONDS_BETWEEN_LOOKS, REST_SHARE * took))
    except KeyboardInterrupt:
        console.print(f"no longer watching; the search goes on in {folder}", soft_wrap=True)


def view(run: Run, console: Console, *, is_running: bool) -> RenderableType:
    """All that the terminal shows of a run."""
    cells = MOST_CELLS
    if console.is_terminal:
        cells = max(LEAST_CELLS, min(cells, console.height - LINES_BESIDE))
    parts: list[RenderableType] = [_summary(run, console, is_running=is_running)]
    parts.append(ranking_table(rank(run.trials), run.metric_name, cells, console.width))
    if run.proposed:
        parts.append(_origins(run))
    if run.standings.failures:
        parts.append(failed_text(run.trials))
    return Group(*parts)


def _summary(run: Run, console: Console, *, is_running: bool) -> Text:
    standings, asked = run.standings, run.config.get("trials")
    done = f"{standings.num_proposed}" + (f" of {asked}" if asked else "") + " trials"
    seconds = duration_text(sum(trial.wall_seconds for trial in run.trials))
    text = Text.assemble(
        (run.name, "bold"),
        f"\n{'at work' if is_running else 'not at work'}; {done}, {seconds} of training together\n",
        found_text(standings, run.metric_name),
    )
    if len(set(standings.best_so_far)) > 1 and not console.options.ascii_only:
        text.append("\nbest so far: ")
        text.append(course_text(standings.best_so_far, console.width - 40))
    return text


def _origins(run: Run) -> Table:
    """What each way to make a candidate brought."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("origin")
    for name in ("trials", "failed", f"best {run.metric_name}"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in by_origin(run.proposed):
        counts = (str(each.num_trials), str(each.num_failed))
        table.add_row(each.operation, *counts, metric_text(each.best))
    return table
