"""Logs a search to Weights & Biases: one W&B run a search, one table row a trial."""

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from archsearch.archive import Epoch, RunInfo, Status, Trial
from archsearch.search.callback import Callback, Ending, Figures
from archsearch.search.callbacks.panel import COMPARED
from archsearch.search.callbacks.ranking import Ranked, rank
from archsearch.search.callbacks.standings import Standings
from archsearch.search.callbacks.wandb_artifact import best_artifact
from archsearch.search.callbacks.wandb_columns import columns
from archsearch.search.callbacks.wording import origin_text, status_text
from archsearch.wandb_session import Mode, WandbSession

if TYPE_CHECKING:
    import wandb
    from wandb.plot.custom_chart import CustomChart

# The table is uploaded whole each time, so it goes up only when it has grown by half: all uploads
# together then hold three times the rows. wandb's incremental tables show no more than their last
# 100 increments, and offline they forget them when a run is resumed.
TABLE_GROWTH = 1.5
LEADERS = 20  # of the leaderboard, beside the reference cells


class WandbLog(Callback):
    """Charts go over an axis of their own, `trial`, the number of trials told before: W&B's steps
    begin anew in each process that resumes an offline run. A trial told in an earlier process is
    not logged again, but the table is always whole.

    metric_name: what the task calls its metric, such as "perplexity".
    group, job_type: where the run stands among others, such as a sweep and its strategy.
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
        group: str | None = None,
        job_type: str | None = None,
    ) -> None:
        self._metric_name = metric_name
        self._drawings = drawings
        self._session = WandbSession(run_dir, project, entity, mode, group=group, job_type=job_type)

    @override
    def on_start(self, run: RunInfo, trials: int) -> None:
        self._standings = Standings()
        self._trials: list[Trial] = []
        self._species: list[dict[str, float]] = []  # one a trial: the figures that count species
        self._rows: list[list[Any]] = []  # of the table; built only when it is uploaded
        self._next_upload = 1
        self._run = run
        self._compute_seconds = 0.0  # of the strategy's trials
        self._compute: list[float] = []  # the same after each trial on the course of the best
        own = {"run": run.config, "revision": run.revision, **columns(run.config)}
        self._session.start(run.name, own)
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
                if best := self._standings.best:
                    run.log_artifact(best_artifact(self._run, best, self._metric_name))
        self._session.finish(exit_code=int(ending is Ending.FAILED))

    @property
    def _axis(self) -> int:
        return len(self._trials) - 1

    def _take(self, trial: Trial, figures: Figures) -> None:
        self._standings.add(trial)
        self._trials.append(trial)
        if not trial.candidate.is_reference:
            self._compute_seconds += trial.wall_seconds
            if self._standings.best is not None:
                self._compute.append(self._compute_seconds)
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
            "compute_seconds": self._compute_seconds,
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

        charts: dict[str, Any] = {"leaderboard": self._leaderboard()}
        if self._standings.best:
            charts["best_cell"] = _drawing(self._standings.best)
            first = self._standings.num_proposed - len(self._compute)
            after_trials = range(first, first + len(self._compute))
            charts["best_so_far"] = self._course(after_trials, "trials of the strategy")
            charts["best_so_far_by_compute"] = self._course(self._compute, "seconds of training")
        if failures := self._standings.failures:
            table = wandb.Table(
                columns=["failure", "trials"],
                data=[[status_text(status), count] for status, count in failures.items()],
            )
            charts["failures_by_kind"] = wandb.plot.bar(table, "failure", "trials", "Failures")
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

    def _course(self, xs: Iterable[float], xname: str) -> "CustomChart":
        """The best so far, and the reference as a level line."""
        import wandb

        course = self._standings.best_so_far
        lines = {"best so far": course}
        reference = self._standings.reference_metric(COMPARED)
        if reference is not None:
            lines[COMPARED] = [reference] * len(course)
        return wandb.plot.line_series(
            xs=list(xs),
            ys=list(lines.values()),
            keys=list(lines),
            title=f"Best {self._metric_name} so far",
            xname=xname,
        )

    def _leaderboard(self) -> "wandb.Table":
        """The best cells and the references in their places."""
        import wandb

        ranked = [e for e in rank(self._trials) if e.label and (e.place or 0) <= LEADERS]
        names: list[str | int] = [
            "rank", self._metric_name, "num_params", "trial", "origin", "drawing", "cell",
        ]  # fmt: skip
        return wandb.Table(columns=names, data=[self._leader(entry) for entry in ranked])

    def _leader(self, entry: Ranked) -> list[Any]:
        trial, candidate = entry.trial, entry.trial.candidate
        return [
            entry.label,
            trial.metric,
            trial.num_params,
            candidate.number,
            origin_text(candidate),
            _drawing(trial) if self._drawings else None,
            str(candidate.architecture),
        ]

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
