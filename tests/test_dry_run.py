"""`--dry-run` as a user sees it: what it says, and that it writes nothing."""

import sys
from pathlib import Path

import pytest
from torch_settings import torch_settings  # noqa: F401

import archsearch.train.__main__
from archsearch import forecast
from archsearch.__main__ import main
from archsearch.train import timing

SMOKE = ("budget=smoke", "executor=serial", "logger=none")


@pytest.fixture(autouse=True)
def briefly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(timing, "TRAIN_SECONDS", 0.05)
    monkeypatch.setattr(timing, "VALID_SECONDS", 0.05)
    monkeypatch.chdir(tmp_path)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str, command=main) -> int:
    monkeypatch.setattr(sys, "argv", ["archsearch", *arguments])
    try:
        command()
    except SystemExit as exit_:
        return int(exit_.code or 0)
    return 0


def contents(folder: Path) -> dict[Path, bytes]:
    return {p: p.read_bytes() if p.is_file() else b"" for p in folder.rglob("*")}


def test_a_search_in_workers_is_forecast_and_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("budget=smoke", "executor.workers=1", "trials=4", "--dry-run")
    assert run(monkeypatch, *arguments) == 0
    printed = capsys.readouterr().out
    assert "outputs/xml-smoke-gp_neat_small-gp_tree-seed1-" in printed
    assert "4 trials and 3 reference cells; none is done yet" in printed
    assert "1 worker × 1 thread on " in printed
    assert "4 trials are 0.4 generations of 10: the search never gets beyond its first" in printed
    for row in ("reference lstm", "the search's third"):
        (line,) = [line for line in printed.splitlines() if row in line]
        _, params, width, seconds = line.rsplit(maxsplit=3)
        assert params.endswith("k")
        assert width == "16"
        assert float(seconds.removesuffix("s")) > 0
    assert "1 at a time" in printed
    assert "MB and the search itself" in printed
    assert contents(tmp_path) == {}


def test_what_is_done_already_is_not_counted_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, *SMOKE, "trials=2", "references=[lstm]")
    before = contents(tmp_path)
    capsys.readouterr()
    assert run(monkeypatch, *SMOKE, "references=[lstm]", "trials=5", "--dry-run") == 0
    printed = capsys.readouterr().out
    assert "5 trials and 1 reference cells; 2 and 1 are done already, 3 and 0 remain" in printed
    assert contents(tmp_path) == before
    (run_dir,) = (p for p in (tmp_path / "outputs").iterdir() if p.is_dir())
    again = (*SMOKE, "references=[lstm]", "seed=2", f"hydra.run.dir={run_dir}", "--dry-run")
    assert run(monkeypatch, *again) == 2
    assert "holds a run of another configuration" in capsys.readouterr().err
    assert contents(tmp_path) == before


def test_a_sweep_is_forecast_as_a_whole_and_what_trains_alike_is_timed_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sessions = []
    timed = forecast.timed

    def counted(plan, candidates):
        sessions.append(len(candidates))
        return timed(plan, candidates)

    monkeypatch.setattr(forecast, "timed", counted)
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs" / "multirun.yaml").write_text("of an earlier sweep")
    before = contents(tmp_path)
    sweep = ("-m", "+sweeps=gp_neat_vs_random", "seed=1,2", *SMOKE, "trials=4")
    assert run(monkeypatch, *sweep, "--dry-run") == 0
    printed = capsys.readouterr().out
    assert sessions == [3 + 2 * 3]
    assert printed.count("4 trials and 3 reference cells") == 4
    assert "4 runs, one after another: " in printed
    assert contents(tmp_path) == before


def test_a_mistake_is_one_line_here_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *SMOKE, "cell_space=dsl_core", "--dry-run") == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert contents(tmp_path) == {}


def test_one_training_is_forecast(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("task=xml", "budget=smoke", "cell=zoo/gru", "--dry-run")
    assert run(monkeypatch, *arguments, command=archsearch.train.__main__.main) == 0
    printed = capsys.readouterr().out
    assert "parameters at width 16; in outputs/xml-smoke-train-seed1-" in printed
    assert " minutes for 2 epochs, by " in printed
    assert contents(tmp_path) == {}
