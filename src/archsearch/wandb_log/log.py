"""Logs a search to Weights & Biases: one W&B run a search, one table row a trial."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from archsearch.archive import Json, Lesson, Metric, RunInfo, Status, Trial
from archsearch.config_tree import leaves
from archsearch.findings.standings import Standings
from archsearch.search.callback import Callback, Ending, Figures
from archsearch.wandb_log.artifact import best_artifact
from archsearch.wandb_log.charts import charts_of
from archsearch.wandb_log.session import Mode, WandbSession
from archsearch.wandb_log.tables import (
    all_trials,
    drawing,
    leaderboard,
    lineage,
    origins,
    trial_row,
)

if TYPE_CHECKING:
    import wandb

# The table is uploaded whole each time, so it goes up only when it has grown by half: all uploads
# together then hold three times the rows. wandb's incremental tables show no more than their last
# 100 increments, and offline they forget them when a run is resumed.
TABLE_GROWTH = 1.5
GROUPS = ("task", "budget", "search", "cell_space", "predictor", "model", "trainer")


class WandbLog(Callback):
    """Charts go over an axis of their own, `trial`, the number of trials told before: W&B's steps
    begin again in each process that resumes an offline run. A trial told in an earlier process is
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
        self._run_dir = run_dir
        self._session = WandbSession(run_dir, project, entity, mode, group=group, job_type=job_type)

    @override
    def on_start(self, run: RunInfo, trials: int) -> None:
        self._standings = Standings()
        self._trials: list[Trial] = []
        self._lessons: list[Lesson] = []
        self._rows: list[list[Any]] = []  # of the table; built only when it is uploaded
        self._next_upload = 1
        self._run = run
        self._compute_seconds = 0.0  # of the strategy's trials
        own = {"run": run.config, "revision": run.revision, **columns(run.config)}
        if run.beginning is not None and run.beginning.machine is not None:
            own |= asdict(run.beginning.machine)
        self._session.start(run.name, own)
        with self._session.surviving("defining charts"):
            if wandb_run := self._session.run:
                wandb_run.define_metric("trial", hidden=True)
                wandb_run.define_metric("*", step_metric="trial")

    @override
    def on_replay(self, trial: Trial, figures: Figures) -> None:
        self._take(trial)
        self._next_upload = len(self._trials) + 1

    @override
    def on_trial(self, trial: Trial, figures: Figures) -> None:
        self._take(trial)
        with self._session.surviving("logging"):
            if run := self._session.run:
                run.log(self._point(trial, figures))
                if len(self._trials) >= self._next_upload:
                    self._next_upload = math.ceil(TABLE_GROWTH * len(self._trials))
                    run.log({"trials": self._table(), "trial": self._axis})

    @override
    def on_lessons(self, lessons: Sequence[Lesson]) -> None:
        self._lessons += lessons

    @override
    def on_end(self, ending: Ending) -> None:
        with self._session.surviving("logging"):
            if (run := self._session.run) and self._trials and ending is not Ending.FAILED:
                run.log({**self._whole(), "trials": self._table(), "trial": self._axis})
                self._summarise(run)
                if best := self._standings.best:
                    artifact = best_artifact(self._run, best, self._metric_name, self._run_dir)
                    run.log_artifact(artifact)
        self._session.finish(exit_code=int(ending is Ending.FAILED))

    @property
    def _axis(self) -> int:
        return len(self._trials) - 1

    def _take(self, trial: Trial) -> None:
        self._standings.add(trial)
        self._trials.append(trial)
        if not trial.candidate.is_reference:
            self._compute_seconds += trial.wall_seconds

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
        new = self._trials[len(self._rows) :]
        self._rows += [trial_row(trial, drawings=self._drawings) for trial in new]
        return all_trials(self._rows, self._metric_name)

    def _whole(self) -> dict[str, Any]:
        """What the run comes to, drawn from all its trials; while it runs the points of each trial
        draw the charts."""
        trials, name, standings = self._trials, self._metric_name, self._standings
        proposed = [trial for trial in trials if not trial.candidate.is_reference]
        whole: dict[str, Any] = {
            "leaderboard": leaderboard(trials, name, drawings=self._drawings),
            "origins": origins(proposed, name),
            **charts_of(self._run.name, Metric(name), trials, self._lessons),
        }
        if standings.best:
            whole["best_cell"] = drawing(standings.best)
            whole["lineage"] = lineage(standings.best, trials, name)
        return whole

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


def columns(config: Mapping[str, Json]) -> dict[str, Json]:
    """One entry for each group, named as in conf/ or by its class, and one for each of its numbers.

    Numbers are called such as "search/population_size": W&B would take a dot for nesting.
    """
    found: dict[str, Json] = {"seed": config.get("seed")}
    for group in GROUPS:
        node = config.get(group)
        if isinstance(node, Mapping):
            found[group] = node.get("name") or str(node.get("_target_", "")).rpartition(".")[2]
            found |= {
                path.replace(".", "/"): value
                for path, value in leaves(node, group)
                if isinstance(value, int | float) and "._" not in path
            }
        else:
            found[group] = "none"
    return found
