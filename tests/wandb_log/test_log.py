"""What W&B gets, read back from its offline files; and that its failures never reach a search."""

import json
import logging
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from wandb_records import wandb_records

from archsearch.archive import Lesson, Origin
from archsearch.archive.best_weights import WEIGHTS_FILE, facts_about
from archsearch.cell import parse, zoo
from archsearch.search.callback import Ending
from archsearch.wandb_log import WandbLog

wandb = pytest.importorskip("wandb")
psutil = pytest.importorskip("psutil")


@pytest.fixture(autouse=True)
def isolated(monkeypatch, tmp_path):
    """Offline, without the settings, credentials and caches of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    monkeypatch.setenv("WANDB_CONFIG_DIR", str(home / "config"))
    monkeypatch.setenv("WANDB_CACHE_DIR", str(home / "cache"))
    monkeypatch.setenv("NETRC", str(home / "netrc"))
    yield
    wandb.teardown()


@pytest.fixture
def run_dir(tmp_path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    return folder


def complaints(caplog) -> list[logging.LogRecord]:
    """Those of archsearch; wandb's own go to a file."""
    return [record for record in caplog.records if record.name.startswith("archsearch")]


def history(run_dir: Path) -> list[dict]:
    return [r["history"]["item"] for r in wandb_records(run_dir) if r["type"] == "history"]


def table(run_dir: Path, row: dict, name: str = "trials") -> list[dict]:
    """The table that a row of the history refers to."""
    (file,) = run_dir.glob(f"wandb/offline-run-*/files/{row[f'{name}.path']}")
    content = json.loads(file.read_text(encoding="utf-8"))
    return [dict(zip(content["columns"], values, strict=True)) for values in content["data"]]


def test_an_offline_run_has_charts_a_row_a_trial_and_the_best_drawing(
    run_dir, tell, some_trials, capfd, monkeypatch
) -> None:
    callback = WandbLog(run_dir, "perplexity", mode="offline")
    tell(callback, some_trials)
    callback.on_end(Ending.COMPLETE)
    assert capfd.readouterr() == ("", "")
    assert "WANDB_DATA_DIR" not in os.environ

    logged = history(run_dir)
    points = [row for row in logged if "wall_seconds" in row]
    assert [row["trial"] for row in points] == list(range(9))
    assert points[3]["perplexity"] == 212.32
    assert "perplexity" not in points[4]
    assert "fitness" not in points[4]
    assert points[4]["failures/diverged"] == 1
    assert [row.get("best/perplexity") for row in points[2:8]] == [
        None, 212.32, 212.32, 193.0, 150.0, 150.0,
    ]  # fmt: skip
    assert points[8]["strategy/active_species"] == 3

    last = logged[-1]
    rows = table(run_dir, last)
    assert [row["trial"] for row in rows] == list(range(9))
    best, failed = rows[6], rows[8]
    assert (best["cell"], best["parents"]) == (str(zoo["nascell"]), "3")
    assert best["equations"] == zoo["nascell"].equations()
    assert json.loads(best["curve"])["train_loss"] == [5.0, None]
    assert (failed["status"], failed["fitness"], failed["cause"]) == (
        "out_of_memory", None, "NaN in epoch 2",
    )  # fmt: skip
    assert rows[7]["reused_from"] == 6
    drawings = list(run_dir.glob("wandb/offline-run-*/files/media/html/best_cell*.html"))
    assert [file.read_text(encoding="utf-8") for file in drawings] == [zoo["nascell"].to_svg()]
    staged = run_dir.glob("wandb/data/artifacts/staging/*")
    assert zoo["mut2"].to_svg() in [file.read_text(encoding="utf-8") for file in staged]
    assert "operators_table.nrows" in last
    assert not any(key.startswith(("estimates", "reward")) for key in last)
    leaders = table(run_dir, last, "leaderboard")
    assert [row["rank"] for row in leaders] == ["1", "lstm", "2", "gru", "3", "rnn"]
    family = table(run_dir, last, "lineage")
    assert [(row["trial"], row["change"]) for row in family] == [(3, "random"), (6, "mutation")]
    curves = table(run_dir, last, "learning_curves_table")
    assert {row["lineKey"] for row in curves} == {
        "1. best cell", "2. best cell", "3. best cell", "rnn", "lstm", "gru",
    }  # fmt: skip
    brought = {row["origin"]: row for row in table(run_dir, last, "origins")}
    assert brought["random"]["best perplexity"] == 212.32
    assert (brought["mutation"]["trials"], brought["crossover"]["failed"]) == (2, 2)
    assert points[8]["compute_seconds"] == 1.5 + 61.0 + 1.5 + 1.5 + 0.0 + 61.0


def test_what_predictors_expected_and_policies_learnt_from_are_charts(
    run_dir, tell, trials
) -> None:
    told = [trials.ok(9.0 - i, Origin("x", details={"estimate": -2.0}))
            for i in range(4)]  # fmt: skip
    for i, trial in enumerate(told):
        own = {"learning_rate": (i + 1) / 100}
        told[i] = replace(trial, candidate=replace(trial.candidate, hyperparameters=own))
    callback = WandbLog(run_dir, "perplexity", mode="offline", drawings=False)
    tell(callback, told)
    callback.on_lessons([Lesson(trial.number, 2.0, 1.0) for trial in told])
    callback.on_end(Ending.COMPLETE)
    last = history(run_dir)[-1]
    pairs = table(run_dir, last, "estimates_table")
    assert [row["predicted fitness"] for row in pairs] == [-2.0] * 4
    assert [row["measured fitness"] for row in pairs] == [trial.fitness for trial in told]
    rates = table(run_dir, last, "learning_rate_table")
    assert [row["learning rate"] for row in rates] == [0.01, 0.02, 0.03, 0.04]
    assert [row["perplexity"] for row in rates] == [9.0, 8.0, 7.0, 6.0]
    rewards = table(run_dir, last, "reward_table")
    assert len(rewards) == 2 * len(told)


def test_a_resumed_search_goes_on_with_its_run_and_its_axis(run_dir, tell, some_trials) -> None:
    first = WandbLog(run_dir, "perplexity", mode="offline", drawings=False)
    tell(first, some_trials[:5])
    first.on_end(Ending.INTERRUPTED)
    second = WandbLog(run_dir, "perplexity", mode="offline", drawings=False)
    tell(second, some_trials, replayed=5)
    second.on_end(Ending.COMPLETE)
    every = wandb_records(run_dir)
    assert len({r["run"]["run_id"] for r in every if r["type"] == "run"}) == 1
    logged = [r["history"]["item"] for r in every if r["type"] == "history"]
    assert [row["trial"] for row in logged if "wall_seconds" in row] == list(range(9))
    assert [row["trial"] for row in table(run_dir, logged[-1])] == list(range(9))


@pytest.mark.parametrize("of", [6, 5, None])
def test_the_best_architecture_is_an_artifact_that_can_be_read_back(
    run_dir, tell, some_trials, of
) -> None:
    """of: which trial's weights lie in the run; 6 is the best."""
    if of is not None:
        arrays = {"w": np.ones(2, np.float32)}
        save_file(arrays, run_dir / WEIGHTS_FILE, facts_about(some_trials[of]))
    callback = WandbLog(
        run_dir, "perplexity", mode="offline", drawings=False, group="sweep", job_type="gp_neat"
    )
    tell(callback, some_trials)
    callback.on_end(Ending.COMPLETE)
    every = wandb_records(run_dir)
    (run,) = (r["run"] for r in every if r["type"] == "run")
    assert (run["run_group"], run["job_type"]) == ("sweep", "gp_neat")
    assert run["config"]["update"]["task"] == "xml"
    artifacts = [r["artifact"] for r in every if r["type"] == "artifact"]
    (artifact,) = (found for found in artifacts if found["type"] == "architecture")
    assert artifact["name"] == "best-xml-smoke-random-seed1-0123abcd"
    entries = {e["path"]: Path(e["local_path"]) for e in artifact["manifest"]["contents"]}
    assert set(entries) == {
        "best_cell.txt", "best_cell.svg",
        "best_cell.equations.txt", "best_cell.equations.tex",
        *([WEIGHTS_FILE] if of == 6 else []),
    }  # fmt: skip
    assert artifact["description"].startswith("The weights" if of == 6 else "Without weights")
    assert f"archsearch.train cell={run_dir} logger=wandb" in artifact["description"]
    if of == 6:
        assert entries[WEIGHTS_FILE].read_bytes() == (run_dir / WEIGHTS_FILE).read_bytes()
    known = json.loads(artifact["metadata"])
    assert (known["perplexity"], known["trial"]) == (150.0, 6)
    assert parse(entries["best_cell.txt"].read_text(encoding="utf-8")) == zoo["nascell"]


def test_uploads_of_the_table_grow_in_proportion_to_the_trials(run_dir, tell, trials) -> None:
    callback = WandbLog(run_dir, "perplexity", mode="offline", drawings=False)
    tell(callback, [trials.ok(2.0 + i) for i in range(60)], total=60)
    callback.on_end(Ending.COMPLETE)
    uploaded = [row["trials.nrows"] for row in history(run_dir) if "trials.nrows" in row]
    assert uploaded[-1] == 60
    assert sum(uploaded) < 4 * 60


@pytest.mark.parametrize("how", ["WANDB_MODE", "mode"])
def test_disabled_leaves_no_trace(how, run_dir, tell, some_trials, monkeypatch, caplog) -> None:
    if how == "WANDB_MODE":
        monkeypatch.setenv("WANDB_MODE", "disabled")
    callback = WandbLog(run_dir, "perplexity", mode="disabled" if how == "mode" else None)
    tell(callback, some_trials)
    callback.on_end(Ending.COMPLETE)
    assert list(run_dir.iterdir()) == []
    assert complaints(caplog) == []


def test_is_offline_unless_logged_in(run_dir, tell, some_trials, monkeypatch) -> None:
    modes = []

    def init(**options):
        modes.append(options["mode"])
        raise wandb.errors.CommError("no network in tests")

    monkeypatch.setattr("wandb.init", init)
    tell(WandbLog(run_dir, "perplexity"), some_trials)
    monkeypatch.setenv("WANDB_API_KEY", "x" * 40)
    tell(WandbLog(run_dir, "perplexity"), some_trials)
    monkeypatch.setenv("WANDB_MODE", "offline")
    tell(WandbLog(run_dir, "perplexity"), some_trials)
    assert modes == ["offline", "online", "offline"]


def test_missing_package_is_one_warning(run_dir, tell, some_trials, monkeypatch, caplog) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    callback = WandbLog(run_dir, "perplexity")
    tell(callback, some_trials)
    callback.on_end(Ending.COMPLETE)
    (warning,) = complaints(caplog)
    assert "W&B: importing wandb failed, so the run goes on without it" in warning.message


def test_unwritable_folder_is_one_warning(run_dir, tell, some_trials, caplog) -> None:
    (run_dir / "wandb").write_text("a file where wandb wants a folder")
    callback = WandbLog(run_dir, "perplexity", mode="offline")
    tell(callback, some_trials)
    callback.on_end(Ending.COMPLETE)
    (warning,) = complaints(caplog)
    assert warning.levelno == logging.WARNING
    assert "starting failed" in warning.message


@pytest.mark.parametrize("content", [b"", b"\0\0\0", b"no id: at all\n"])
def test_an_id_that_cannot_be_read_is_drawn_again(
    content: bytes, run_dir, tell, some_trials, caplog
) -> None:
    """Whatever left it so, such as a kill while it was written."""
    (run_dir / "wandb").mkdir()
    (run_dir / "wandb" / "archsearch-run-id.txt").write_bytes(content)
    callback = WandbLog(run_dir, "perplexity", mode="offline", drawings=False)
    tell(callback, some_trials)
    callback.on_end(Ending.COMPLETE)
    (warning,) = complaints(caplog)
    assert "holds no id of a run, so a new run begins" in warning.message
    run_id = (run_dir / "wandb" / "archsearch-run-id.txt").read_text()
    assert {r["run"]["run_id"] for r in wandb_records(run_dir) if r["type"] == "run"} == {run_id}


def test_misspelt_mode_is_one_warning(run_dir, tell, some_trials, monkeypatch, caplog) -> None:
    monkeypatch.setenv("WANDB_MODE", "ofline")
    callback = WandbLog(run_dir, "perplexity")
    tell(callback, some_trials)
    callback.on_end(Ending.COMPLETE)
    (warning,) = complaints(caplog)
    assert "Input should be 'online', 'offline'" in warning.message


def test_service_that_dies_is_one_warning_and_the_next_search_logs_again(
    run_dir, tell, some_trials, tmp_path, caplog
) -> None:
    callback = WandbLog(run_dir, "perplexity", mode="offline", drawings=False)
    tell(callback, some_trials[:4])
    (service,) = [p for p in psutil.Process().children() if "wandb-core" in p.name()]
    service.send_signal(signal.SIGKILL)
    psutil.wait_procs([service], timeout=10)
    for trial in some_trials[4:]:
        callback.on_trial(trial, {})
    callback.on_end(Ending.COMPLETE)
    (warning,) = complaints(caplog)
    assert "logging failed" in warning.message

    other = tmp_path / "other"
    other.mkdir()
    again = WandbLog(other, "perplexity", mode="offline", drawings=False)
    tell(again, some_trials)
    again.on_end(Ending.COMPLETE)
    assert len(complaints(caplog)) == 1
    assert [row["trial"] for row in history(other)][-1] == 8


def test_a_bug_in_our_use_of_wandb_is_not_hidden(run_dir, tell, some_trials) -> None:
    callback = WandbLog(run_dir, "perplexity", mode="offline")
    with pytest.raises(AttributeError):
        tell(callback, ["not a trial"])
    callback.on_end(Ending.FAILED)
