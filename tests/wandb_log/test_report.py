"""The W&B Report up to the last step before the server, and the command that uploads."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from toy_runs import write_run

from archsearch.report.__main__ import main
from archsearch.wandb_log.report import WandbReportError, publish, reports, sync_command


def logged_in(monkeypatch: pytest.MonkeyPatch, answer: bool) -> None:
    """wandb keeps a login for the rest of the process, so whether there is one is not asked."""
    monkeypatch.setattr("archsearch.wandb_log.report.is_logged_in", lambda: answer)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What a server would be sent: the variables of each request."""
    reports()
    interface = sys.modules["wandb_workspaces.reports.v2.interface"]
    requests: list[dict[str, Any]] = []

    def answer(api: object, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        requests.append(variables)
        if "spec" not in variables:
            return {"project": {"internalId": "p1"}}
        view = {"id": "Vmlldzox", "name": "x", "displayName": variables["displayName"]}
        project = {"name": variables["projectName"], "entityName": variables["entityName"]}
        return {"upsertView": {"view": {**view, "project": project, "spec": variables["spec"]}}}

    api = SimpleNamespace(projects=lambda entity: [SimpleNamespace(name="searches")])
    monkeypatch.setattr(interface, "execute_graphql", answer)
    monkeypatch.setattr(interface, "_get_api", lambda: api)
    monkeypatch.setattr(interface, "get_app_url", lambda api: "https://wandb.ai")
    logged_in(monkeypatch, True)
    return requests


def test_the_report_has_every_panel_over_what_searches_log(sent: list[dict[str, Any]]) -> None:
    url = publish("me/searches", ["perplexity", "F1"])
    assert url.startswith("https://wandb.ai/me/searches/reports/")
    (saved,) = (variables for variables in sent if "spec" in variables)
    spec = json.loads(saved["spec"])
    grids = [block["metadata"] for block in spec["blocks"] if block["type"] == "panel-grid"]
    panels = [p for grid in grids for p in grid["panelBankSectionConfig"]["panels"]]
    kinds = [panel["viewType"] for panel in panels]
    assert {"Parallel Coordinates Plot", "Parameter Importance", "Run Comparer"} <= set(kinds)
    courses = [p["config"] for p in panels if p["config"].get("metrics")]
    assert [(c["xAxis"], c["metrics"]) for c in courses] == [
        ("trial", ["best/perplexity"]),
        ("compute_seconds", ["best/perplexity"]),
        ("trial", ["best/F1"]),
        ("compute_seconds", ["best/F1"]),
    ]
    text = saved["spec"]
    for name in ("leaderboard", "trials", "strategy/.*", "failures/.*", "best/fitness"):
        assert name in text


@pytest.mark.parametrize("place", ["archsearch", "me/searches/x", "me/", "https://wandb.ai/me"])
def test_a_place_that_is_none_is_named(place: str) -> None:
    with pytest.raises(ValueError, match="expected entity/project"):
        publish(place, ["perplexity"])


def test_what_is_missing_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    logged_in(monkeypatch, False)
    with pytest.raises(WandbReportError, match="not logged in to W&B; run `wandb login`"):
        publish("me/searches", ["perplexity"])
    monkeypatch.setitem(sys.modules, "wandb_workspaces.reports.v2", None)
    with pytest.raises(WandbReportError, match="needs the package wandb-workspaces"):
        publish("me/searches", ["perplexity"])


def test_the_command_says_in_one_line_what_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    logged_in(monkeypatch, False)
    folder = write_run(tmp_path, "random", 1, 3)
    monkeypatch.setattr("sys.argv", ["report", "--wandb", "me/searches", str(folder)])
    with pytest.raises(SystemExit) as stopped:
        main()
    error = capsys.readouterr().err
    assert stopped.value.code == 1
    assert error.count("\n") == 1
    assert "wandb login" in error


def test_sync_names_what_was_not_uploaded_and_quotes_it(tmp_path: Path) -> None:
    logs = [tmp_path / f"a run/wandb/offline-run-2026010{day}_000000-abc" for day in (1, 2, 3)]
    for log in logs:
        log.mkdir(parents=True)
    (logs[0] / "run-abc.wandb.synced").touch()
    folder = tmp_path / "a run"
    assert sync_command([folder]) == f"wandb sync '{logs[1]}' '{logs[2]}'"
    assert sync_command([tmp_path]).startswith("nothing to upload")


def test_sync_passes_over_what_is_no_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a multirun `outputs/*` has a file; and empty folders of commands that failed."""
    monkeypatch.setattr(sys, "argv", ["report", "--sync", *sync_me(tmp_path)])
    main()
    out, error = capsys.readouterr()
    assert out == f"wandb sync {tmp_path / 'killed/wandb/offline-run-20260101_000000-abc'}\n"
    assert error.splitlines() == [
        f"left out: {tmp_path / 'empty'}: neither a search nor a training that has ended",
        f"left out: {tmp_path / 'multirun.yaml'}: a file, and no run",
    ]
    monkeypatch.setattr(sys, "argv", ["report", "--sync", str(tmp_path / "multirun.yaml")])
    with pytest.raises(SystemExit):
        main()
    assert "multirun.yaml: a file, and no run" in capsys.readouterr().err


def sync_me(folder: Path) -> list[str]:
    """A training that was killed has a log before it has anything else."""
    (folder / "killed/wandb/offline-run-20260101_000000-abc").mkdir(parents=True)
    (folder / "empty").mkdir()
    (folder / "multirun.yaml").touch()
    (folder / "failed").mkdir()
    (folder / "failed/failed.json").touch()
    return sorted(map(str, folder.iterdir()))
