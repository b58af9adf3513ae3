"""What `python -m archsearch.report` does with W&B: `--wandb entity/project` makes a W&B Report of
the runs that are there, `--sync` says how to upload what was logged offline.

Its panels read what `archsearch.wandb_log.WandbLog` logs, so they show new runs too. Needs
the optional package wandb-workspaces, and a login.
"""

import contextlib
import io
import re
import shlex
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from archsearch.wandb_log.log import GROUPS
from archsearch.wandb_log.session import failures, is_logged_in

PROJECT = re.compile(r"(?P<entity>[\w.-]+)/(?P<project>[\w.-]+)", re.ASCII)
OFFLINE = "wandb/offline-run-*"
SYNCED = "*.wandb.synced"  # beside the log once it is uploaded
TITLE = "archsearch: what the searches found"


class WandbReportError(RuntimeError):
    """The report cannot be saved; the message is one line that says what is needed."""


def publish(place: str, metric_names: Sequence[str]) -> str:
    """Save the report, and say where it is.

    place: `entity/project`.
    metric_names: of the runs to show, such as perplexity.

    Raises:
        ValueError: `place` is none.
        WandbReportError: a package, a login or the server is missing.
    """
    entity, project = _parts(place)
    reports()
    with contextlib.redirect_stderr(io.StringIO()):  # wandb's own lines about the same
        has_login = is_logged_in()
    if not has_login:
        raise WandbReportError(
            "--wandb: not logged in to W&B; run `wandb login` or set WANDB_API_KEY, then give the "
            "same command again"
        )
    expected: tuple[type[Exception], ...] = (*failures(), ValueError)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            saved = build(entity, project, metric_names).save()
    except expected as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise WandbReportError(f"--wandb: W&B did not take the report: {reason}") from error
    return str(saved.url)


def reports() -> Any:
    """The module `wandb_workspaces.reports.v2`, which is not typed and warns of its own style.

    Raises:
        WandbReportError: it is not there.
    """
    try:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            import wandb_workspaces.reports.v2 as wr
    except ImportError as error:
        raise WandbReportError(
            f"--wandb: needs the package wandb-workspaces ({error}); "
            "pip install 'archsearch[wandb]', then give the same command again"
        ) from error
    return wr


def build(entity: str, project: str, metric_names: Sequence[str]) -> Any:
    """The report as it would be sent: text, and panels over all searches of the project."""
    wr = reports()
    searches = wr.Runset(
        entity, project, name="searches", filters="JobType != 'train'", groupby=["JobType"]
    )
    single = wr.Runset(entity, project, name="searches", filters="JobType != 'train'")
    return wr.Report(
        project=project,
        entity=entity,
        title=TITLE,
        description="Each run is a search; runs of one strategy are grouped.",
        width="fluid",
        blocks=[
            wr.TableOfContents(),
            wr.H1("Best so far"),
            wr.P("Mean over seeds; the band is from the lowest to the highest."),
            wr.PanelGrid(runsets=[searches], panels=_courses(wr, metric_names)),
            wr.H1("What decides the result"),
            wr.PanelGrid(runsets=[single], panels=_parameters(wr, metric_names)),
            wr.H1("Strategies and failures"),
            wr.PanelGrid(runsets=[searches], panels=_inside(wr)),
            wr.H1("Leaderboards and all trials"),
            wr.PanelGrid(runsets=[single], panels=_tables(wr)),
            wr.H1("Runs side by side"),
            wr.PanelGrid(runsets=[single], panels=[wr.RunComparer(diff_only="split")]),
        ],
    )


def _courses(wr: Any, metric_names: Sequence[str]) -> list[Any]:
    return [
        wr.LinePlot(
            title=f"Best {name} so far",
            x=axis,
            y=[f"best/{name}"],
            title_x=title,
            title_y=name,
            groupby_aggfunc="mean",
            groupby_rangefunc="minmax",
        )
        for name in metric_names
        for axis, title in (("trial", "trials"), ("compute_seconds", "seconds of training"))
    ]


def _parameters(wr: Any, metric_names: Sequence[str]) -> list[Any]:
    chosen = [wr.ParallelCoordinatesPlotColumn(wr.Config(name)) for name in (*GROUPS, "seed")]
    results = [
        wr.ParallelCoordinatesPlotColumn(wr.SummaryMetric(f"best/{name}")) for name in metric_names
    ]
    return [
        wr.ParallelCoordinatesPlot(title="Settings and results", columns=[*chosen, *results]),
        wr.ParameterImportancePlot(with_respect_to="best/fitness"),
    ]


def _inside(wr: Any) -> list[Any]:
    return [
        wr.LinePlot(
            title="What the strategies say of themselves", x="trial", metric_regex="strategy/.*"
        ),
        wr.LinePlot(title="Failed trials", x="trial", metric_regex="failures/.*"),
    ]


def _tables(wr: Any) -> list[Any]:
    return [wr.WeavePanelSummaryTable(table_name=name) for name in ("leaderboard", "trials")]


def _parts(place: str) -> tuple[str, str]:
    match = PROJECT.fullmatch(place)
    if match is None:
        raise ValueError(f"--wandb: expected entity/project, such as me/archsearch, got {place!r}")
    return match["entity"], match["project"]


def sync_command(folders: Iterable[Path]) -> str:
    """The command, or a line that says that there is nothing to upload.

    A run that was resumed has left one log a process; wandb uploads them in the order of their
    beginnings, as one run.
    """
    logs = [log for folder in folders for log in _offline_logs(folder)]
    if not logs:
        return "nothing to upload: no offline log of W&B that was not uploaded yet"
    return shlex.join(["wandb", "sync", *map(str, logs)])


def _offline_logs(folder: Path) -> Iterator[Path]:
    for log in sorted(folder.glob(OFFLINE)):
        if not any(log.glob(SYNCED)):
            yield log
