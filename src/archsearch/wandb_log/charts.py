"""Charts of a run as a whole, beside those that the points of its trials draw by themselves."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from archsearch.archive import Lesson, Metric, Trial
from archsearch.findings.course import learning_curves
from archsearch.findings.origins import layers
from archsearch.findings.pairs import Scatter, scatters
from archsearch.wandb_log.tables import table

if TYPE_CHECKING:
    from wandb.plot.custom_chart import CustomChart

Charts = dict[str, "CustomChart"]


def charts_of(
    run_name: str, metric: Metric, trials: Sequence[Trial], lessons: Sequence[Lesson]
) -> Charts:
    """Those that the trials give reason for, by the names that the report has for them."""
    proposed = [trial for trial in trials if not trial.candidate.is_reference]
    charts = {each.name: _dots(each) for each in scatters(proposed, metric, run_name)}
    for each in layers(proposed, run_name):
        charts[each.name] = _lines(each.places, each.rows, each.labels[1], each.labels[0])
    if curves := learning_curves(trials):
        xs = [[epoch for epoch, _ in curve.points] for curve in curves]
        ys = {curve.label: [metric for _, metric in curve.points] for curve in curves}
        charts["learning_curves"] = _lines(xs, ys, f"validation {metric.name}", "epoch")
    if lessons:
        rewards = {
            "of a trial": [lesson.reward for lesson in lessons],
            "baseline": [lesson.baseline for lesson in lessons],
        }
        charts["reward"] = _lines([each.number for each in lessons], rewards, "reward", "trial")
    return charts


def _dots(shown: Scatter) -> "CustomChart":
    import wandb

    x, y = shown.labels
    return wandb.plot.scatter(table((x, y), shown.pairs), x, y, f"{y} against {x}")


def _lines(
    xs: Sequence[Any], ys: Mapping[str, Sequence[float]], title: str, xname: str
) -> "CustomChart":
    """xs: for all lines, or for each its own."""
    import wandb

    return wandb.plot.line_series(xs=xs, ys=[*ys.values()], keys=[*ys], title=title, xname=xname)
