"""`python -m archsearch.report --live outputs/<run>`: a search on the terminal, at work or done."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from archsearch.archive import Status, Trial, is_locked
from archsearch.report.best_so_far import course
from archsearch.report.text_chart import ASCII, UNICODE, Strokes, text_chart
from archsearch.run import Run, load
from archsearch.search.callbacks.ranking import rank
from archsearch.search.callbacks.ranking_table import ranking_table
from archsearch.search.callbacks.standings import Standings
from archsearch.search.callbacks.terminal import can_animate
from archsearch.search.callbacks.wording import (
    cause_text,
    duration_text,
    failures_text,
    metric_text,
    result_text,
    shortened,
    status_text,
    verdict_text,
)

SECONDS_BETWEEN_LOOKS = 2.0
REST_SHARE = 10  # a look at a large archive takes long; looking takes a tenth of the time at most


class Room(NamedTuple):
    """How many lines each part takes."""

    chart: int
    cells: int
    groups: int
    causes: int


AMPLE, NARROW = Room(9, 8, 6, 3), Room(5, 3, 3, 1)
AMPLE_LINES = 48  # what the ample view takes at most; below the edge of a terminal nobody sees it


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
    standings = Standings()
    for trial in run.trials:
        standings.add(trial)
    width = console.width
    room = NARROW if console.is_terminal and console.height < AMPLE_LINES else AMPLE
    parts: list[RenderableType] = [_summary(run, standings, is_running=is_running)]
    strokes = ASCII if console.options.ascii_only else UNICODE
    if lines := _course_lines(run, standings, width - 4, room.chart, strokes):
        parts.append(_panel(f"best {run.metric_name} so far, over trials", Text("\n".join(lines))))
    parts.append(ranking_table(rank(run.trials), run.metric_name, room.cells, width))
    if groups := _groups(run.proposed):
        parts.append(_group_table(groups, run, room.groups))
    if standings.failures:
        causes = list(_latest_causes(run.proposed))[: room.causes]
        parts.append(_panel("failures", _failures(standings, causes, width - 4)))
    return Group(*parts)


def _summary(run: Run, standings: Standings, *, is_running: bool) -> Text:
    asked = run.config.get("trials")
    done = f"{standings.num_proposed}" + (f" of {asked}" if asked else "") + " trials"
    seconds = sum(trial.wall_seconds for trial in run.trials)
    text = Text(run.name, style="bold")
    text.append(
        f"\n{'at work' if is_running else 'not at work'}; {done}, {duration_text(seconds)} of "
        "training together",
        style="not bold",
    )
    if best := standings.best:
        text.append(f"\nbest cell: {result_text(best, run.metric_name)}", style="bold green")
        if reference := standings.best_reference:
            text.append(f"\n{verdict_text(best, reference)}", style="not bold default")
    return text


def _course_lines(
    run: Run, standings: Standings, width: int, height: int, strokes: Strokes
) -> Sequence[str]:
    marks = {}
    if (reference := standings.best_reference) and reference.metric is not None:
        marks[str(reference.origin.reference)] = reference.metric
    return text_chart(course(run).best, marks, width, height, strokes)


def _groups(trials: Iterable[Trial]) -> dict[str, list[Trial]]:
    """The species of the newest generation where there are species, else the ways in which
    architectures came about; the largest first."""
    groups: defaultdict[str, list[Trial]] = defaultdict(list)
    trials = tuple(trials)
    generations = (trial.origin.generation for trial in trials if trial.origin.species is not None)
    newest = max((each for each in generations if each is not None), default=None)
    for trial in trials:
        origin = trial.origin
        if newest is None:
            groups[origin.operation.replace("_", " ")].append(trial)
        elif origin.generation == newest:
            groups[f"species {origin.species} of generation {newest}"].append(trial)
    return dict(sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])))


def _group_table(groups: dict[str, list[Trial]], run: Run, rows: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("species" if "species" in next(iter(groups)) else "origin")
    for name in ("trials", "failed", f"best {run.metric_name}"):
        table.add_column(name, justify="right", no_wrap=True)
    for name, trials in list(groups.items())[:rows]:
        ok = [trial for trial in trials if trial.status is Status.OK]
        best = max(ok, key=lambda trial: trial.fitness, default=None)
        table.add_row(
            name,
            str(len(trials)),
            str(len(trials) - len(ok)),
            metric_text(best.metric if best else None),
        )
    if len(groups) > rows:
        table.add_row("...", f"{len(groups) - rows} more", style="dim")
    return table


def _failures(standings: Standings, causes: Iterable[str], width: int) -> Text:
    """Counts by kind, then the latest causes."""
    text = Text(failures_text(standings.failures), style="red")
    for line in causes:
        text.append(f"\n{shortened(line, width)}", style="dim")
    return text


def _latest_causes(trials: Sequence[Trial]) -> Iterator[str]:
    failed = [t for t in trials if t.status is not Status.OK and t.reused_from is None]
    for trial in reversed(failed):
        name = f"trial {trial.candidate.number}"
        yield f"{name}, {status_text(trial.status)}: {cause_text(trial)}"


def _panel(title: str, body: RenderableType) -> Panel:
    return Panel(body, title=title, title_align="left", box=box.ROUNDED, border_style="dim")
