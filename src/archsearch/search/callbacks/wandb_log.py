"""Logs a search to Weights & Biases: one W&B run a search, one table row a trial."""

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from archsearch.archive import Epoch, RunInfo, Status, Trial
from archsearch.search.callback import Callback, Ending, Figures
from archsearch.search.callbacks.panel import COMPARED
from archsearch.search.callbacks.standings import Standings
from archsearch.search.callbacks.wandb_session import Mode, WandbSession
from archsearch.search.callbacks.wording import origin_text

if TYPE_CHECKING:
    import wandb

# The table is uploaded whole each time, so it goes up only when it has grown by half: all uploads
# together then hold three times the rows. wandb's incremental tables show no more than their last
# 100 increments, and offline they forget them when a run is resumed.
TABLE_GROWTH = 1.5


class WandbLog(Callback):
    """Charts go over an axis of their own, `trial`, the number of trials told before: W&B's steps
    begin anew in each process that resumes an offline run. A trial told in an earlier process is
    not logged again, but the table is always whole.

    metric_name: what the task calls its metric, such as "perplexity".
    project, entity: where the run appears once it is uploaded; entity None is wandb's default.
    mode: None does as WANDB_MODE says, else "online" if the machine is logged in, else "offline".
    drawings: whether the table shows each cell's drawing.
    """

    def __init__(
        self,
        run_dir: Path,
        metric_name: str,
        *,
        project: str = "archsearch",
        entity: str | None = None,
        mode: Mode | None = None,
        drawings: bool = True,
    ) -> None:
        self._metric_name = metric_name
        self._drawings = drawings
        self._session = WandbSession(run_dir, project, entity, mode)

    @override
    def on_start(self, run: RunInfo, trials: int) -> None:
        self._standings = Standings()
        self._trials: list[Trial] = []
        self._species: list[dict[str, float]] = []  # one a trial: the figures that count species
        self._rows: list[list[Any]] = []  # of the table; built only when it is uploaded
        self._next_upload = 1
        self._session.start(run)
        with self._session.surviving("defining charts"):
            if wandb_run := self._session.run:
                wandb_run.define_metric("trial", hidden=True)
                wandb_run.define_metric("*", step_metric="trial")

    @override
    def on_replay(self, trial: Trial, figures: Figures) -> None:
        self._take(trial, figures)
        self._next_upload = len(self._trials) + 1

    @override
    def on_trial(self, trial: Trial, figures: Figures) -> None:
        self._take(trial, figures)
        with self._session.surviving("logging"):
            if run := self._session.run:
                run.log(self._point(trial, figures))
                if len(self._trials) >= self._next_upload:
                    self._next_upload = math.ceil(TABLE_GROWTH * len(self._trials))
                    run.log({"trials": self._table(), "trial": self._axis})

    @override
    def on_end(self, ending: Ending) -> None:
        with self._session.surviving("logging"):
            if (run := self._session.run) and self._trials and ending is not Ending.FAILED:
                run.log({**self._closing_charts(), "trials": self._table(), "trial": self._axis})
                self._summarise(run)
        self._session.finish(exit_code=int(ending is Ending.FAILED))

    @property
    def _axis(self) -> int:
        return len(self._trials) - 1

    def _take(self, trial: Trial, figures: Figures) -> None:
        self._standings.add(trial)
        self._trials.append(trial)
        self._species.append(
            {name: value for name, value in figures.items()
             if name.endswith("species") and not isinstance(value, str)}
        )  # fmt: skip

    def _point(self, trial: Trial, figures: Figures) -> dict[str, Any]:
        """The trial's point on every chart; what a trial lacks is left out, not logged as −∞."""
        best = self._standings.best
        failures = self._standings.failures
        point = {
            "trial": self._axis,
            "number": trial.candidate.number,
            self._metric_name: trial.metric,
            "fitness": trial.fitness if trial.status is Status.OK else None,
            f"best/{self._metric_name}": best.metric if best else None,
            "best/fitness": best.fitness if best else None,
            "num_params": trial.num_params,
            "wall_seconds": trial.wall_seconds,
            "failures/all": failures.total(),
            **{f"failures/{status.value}": count for status, count in failures.items()},
            **{f"strategy/{name}": value for name, value in figures.items()},
        }
        return {name: value for name, value in point.items() if value is not None}

    def _table(self) -> "wandb.Table":
        import wandb

        self._rows += [self._row(trial) for trial in self._trials[len(self._rows) :]]
        columns: list[str | int] = [
            "trial", "status", self._metric_name, "fitness", "num_params", "wall_seconds", "origin",
            "parents", "details", "hyperparameters", "cell", "equations", "drawing", "curve",
            "cause", "reused_from", "key",
        ]  # fmt: skip
        return wandb.Table(columns=columns, data=self._rows)

    def _row(self, trial: Trial) -> list[Any]:
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
            ", ".join(str(parent) for parent in origin.parents),
            json.dumps(dict(origin.details)),
            json.dumps(dict(candidate.hyperparameters)),
            str(cell),
            cell.equations(),
            _drawing(trial) if self._drawings else None,
            curve_json(trial.curve),
            trial.cause,
            trial.reused_from,
            candidate.key,
        ]

    def _closing_charts(self) -> dict[str, Any]:
        """Whole charts, beside the reference; the points of each trial draw them while it runs."""
        import wandb

        charts: dict[str, Any] = {}
        if self._standings.best:
            charts["best_cell"] = _drawing(self._standings.best)
            course = self._standings.best_so_far
            first = self._standings.num_proposed - len(course)
            lines = {"best so far": course}
            reference = self._standings.reference_metric(COMPARED)
            if reference is not None:
                lines[COMPARED] = [reference] * len(course)
            charts["best_so_far"] = wandb.plot.line_series(
                xs=list(range(first, first + len(course))),
                ys=list(lines.values()),
                keys=list(lines),
                title=f"Best {self._metric_name} so far",
                xname="trials of the strategy",
            )
        kinds = sorted({name for figures in self._species for name in figures})
        if kinds:
            charts["species"] = wandb.plot.line_series(
                xs=list(range(len(self._species))),
                ys=[[figures.get(kind, 0) for figures in self._species] for kind in kinds],
                keys=[kind.replace("_", " ") for kind in kinds],
                title="Species",
                xname="trials told",
            )
        return charts

    def _summarise(self, run: "wandb.Run") -> None:
        """The figures of the run as a whole, which tables of runs compare."""
        figures: dict[str, Any] = {
            f"reference/{name}": trial.metric
            for name, trial in self._standings.references.items()
            if trial.metric is not None
        }
        if best := self._standings.best:
            cell = best.candidate.architecture
            figures |= {
                "best/trial": best.candidate.number,
                "best/cell": str(cell),
                "best/equations": cell.equations(),
                "best/num_params": best.num_params,
            }
        run.summary.update(figures)


def _drawing(trial: Trial) -> "wandb.Html":
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
