"""What a run has brought, as tables of Weights & Biases."""

import json
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from archsearch.archive import Epoch, Status, Trial, ancestors
from archsearch.findings.origins import by_origin
from archsearch.findings.standings import rank
from archsearch.wording import change_text, origin_text

if TYPE_CHECKING:
    import wandb

LEADERS = 20  # of the leaderboard, beside the reference cells
Row = list[Any]


def table(columns: Iterable[str], rows: Sequence[Iterable[Any]]) -> "wandb.Table":
    import wandb

    return wandb.Table(columns=[*columns], data=[[*row] for row in rows])


def all_trials(rows: Sequence[Row], metric_name: str) -> "wandb.Table":
    """Of the `trial_row` of each trial."""
    columns = (
        "trial", "status", metric_name, "fitness", "num_params", "wall_seconds", "origin",
        "parents", "details", "hyperparameters", "cell", "equations", "drawing", "curve", "cause",
        "reused_from", "key",
    )  # fmt: skip
    return table(columns, rows)


def trial_row(trial: Trial, *, drawings: bool) -> Row:
    candidate = trial.candidate
    cell, origin = candidate.architecture, candidate.origin
    return [
        candidate.number,
        trial.status.value,
        trial.metric,
        trial.fitness if trial.status is Status.OK else None,
        trial.num_params,
        trial.wall_seconds,
        origin_text(candidate),
        _parents(trial),
        json.dumps(dict(origin.details)),
        json.dumps(dict(candidate.hyperparameters)),
        str(cell),
        cell.equations(),
        drawing(trial) if drawings else None,
        curve_json(trial.curve),
        trial.cause,
        trial.reused_from,
        candidate.key,
    ]


def leaderboard(trials: Sequence[Trial], metric_name: str, *, drawings: bool) -> "wandb.Table":
    """The best cells and the references in their places."""
    ranked = [entry for entry in rank(trials) if entry.label and (entry.place or 0) <= LEADERS]
    columns = ("rank", metric_name, "num_params", "trial", "origin", "drawing", "cell")
    rows = [
        (
            entry.label,
            entry.trial.metric,
            entry.trial.num_params,
            entry.trial.candidate.number,
            origin_text(entry.trial.candidate),
            drawing(entry.trial) if drawings else None,
            str(entry.trial.candidate.architecture),
        )
        for entry in ranked
    ]
    return table(columns, rows)


def lineage(best: Trial, trials: Iterable[Trial], metric_name: str) -> "wandb.Table":
    """The best cell and all that it came from, the oldest first, with what changed in each."""
    by_number = {trial.candidate.number: trial for trial in trials}
    family = [*ancestors(best, by_number).values(), best]
    columns = ("trial", "parents", "change", "status", metric_name, "num_params", "cell")
    rows = [
        (
            trial.candidate.number,
            _parents(trial),
            change_text(trial.candidate),
            trial.status.value,
            trial.metric,
            trial.num_params,
            str(trial.candidate.architecture),
        )
        for trial in family
    ]
    return table(columns, rows)


def origins(trials: Iterable[Trial], metric_name: str) -> "wandb.Table":
    columns = ("origin", "trials", "failed", f"median {metric_name}", f"best {metric_name}")
    return table(columns, by_origin(trials))


def drawing(trial: Trial) -> "wandb.Html":
    import wandb

    svg = trial.candidate.architecture.to_svg()
    return wandb.Html(svg, inject=False, data_is_not_path=True)


def curve_json(curve: tuple[Epoch, ...]) -> str:
    """The learning curve as columns; JSON has no NaN, so what is not finite is null."""
    columns = {
        "train_loss": [epoch.train_loss for epoch in curve],
        "valid_metric": [epoch.valid_metric for epoch in curve],
        "wall_seconds": [epoch.wall_seconds for epoch in curve],
    }
    return json.dumps(
        {name: [value if math.isfinite(value) else None for value in values]
         for name, values in columns.items()}
    )  # fmt: skip


def _parents(trial: Trial) -> str:
    return ", ".join(map(str, trial.candidate.origin.parents))
