"""One line a trial, in columns that stay aligned from the first trial to the last."""

from archsearch.archive import Status, Trial
from archsearch.findings.standings import Standings
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
            figures.insert(3, metric_text(standings.best_metric))
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
