"""Charts of a run as a whole, beside those that the points of its trials draw by themselves."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from archsearch.archive import Lesson, Trial
from archsearch.findings.origins import operator_shares
from archsearch.findings.pairs import Pairs, estimates, hyperparameters, measures
from archsearch.findings.standings import rank
from archsearch.wandb_log.tables import table

if TYPE_CHECKING:
    from wandb.plot.custom_chart import CustomChart

BEST_CURVES = 5  # beside those of the references
LEAST_PAIRS = 3
Charts = dict[str, "CustomChart"]


def learning_curves(trials: Sequence[Trial], metric_name: str) -> Charts:
    """Of the best cells and the references; none where a training has one epoch."""
    xs: list[Sequence[float]] = []
    ys: dict[str, Sequence[float]] = {}
    for entry in rank(trials):
        trial = entry.trial
        if entry.label and (entry.place or 0) <= BEST_CURVES:
            known = [
                (epoch, point.valid_metric)
                for epoch, point in enumerate(trial.curve, 1)
                if math.isfinite(point.valid_metric)
            ]
            if len(known) > 1:
                epochs, ys[f"{entry.label}, trial {trial.candidate.number}"] = zip(
                    *known, strict=True
                )
                xs.append(epochs)
    if not ys:
        return {}
    return {"learning_curves": _lines(xs, ys, f"Validation {metric_name}", "epoch")}


def strategy_charts(trials: Sequence[Trial], metric_name: str) -> Charts:
    """Those that the strategy's trials give reason for."""
    proposed = [trial for trial in trials if not trial.candidate.is_reference]
    charts = _operators(proposed)
    expected = estimates(proposed)
    charts |= _dots("predictor_against_truth", expected, "predicted fitness", "measured fitness")
    for name, tried in hyperparameters(proposed).items():
        pairs = [(each.value, each.metric) for each in tried if each.metric is not None]
        charts |= _dots(f"hyperparameter_{name}", pairs, name, metric_name)
    if (found := measures(proposed)) is not None:
        charts |= _dots("measures", found[1], f"validation {found[0]}", metric_name)
    return charts


def _operators(proposed: Sequence[Trial]) -> Charts:
    spans = operator_shares(proposed)
    names = sorted({name for _, shares in spans for name in shares})
    if not names:
        return {}
    shares = {name: [share.get(name, 0.0) for _, share in spans] for name in names}
    after = [last for last, _ in spans]
    return {"operators": _lines(after, shares, "Shares of all operators", "trials")}


def reward_chart(lessons: Sequence[Lesson]) -> Charts:
    if not lessons:
        return {}
    lines = {
        "of a trial": [lesson.reward for lesson in lessons],
        "baseline": [lesson.baseline for lesson in lessons],
    }
    return {"rewards": _lines([lesson.number for lesson in lessons], lines, "Rewards", "trial")}


def _dots(name: str, pairs: Pairs, x: str, y: str) -> Charts:
    import wandb

    if len(pairs) < LEAST_PAIRS:
        return {}
    return {name: wandb.plot.scatter(table((x, y), pairs), x, y, f"{y} against {x}")}


def _lines(
    xs: Sequence[Any], ys: Mapping[str, Sequence[float]], title: str, xname: str
) -> "CustomChart":
    """xs: for all lines, or for each its own."""
    import wandb

    return wandb.plot.line_series(xs=xs, ys=[*ys.values()], keys=[*ys], title=title, xname=xname)
