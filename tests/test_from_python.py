"""Searches asked for from Python: what the command does, as a function and an object."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig
from torch_settings import torch_settings  # noqa: F401

import archsearch
from archsearch.__main__ import main
from archsearch.archive import Archive, ArchiveError
from archsearch.cell import Cell
from archsearch.config import ConfigError
from archsearch.data import ROOT_VARIABLE
from archsearch.from_python import as_overrides, composed
from archsearch.identity import identity
from archsearch.nn import RecurrentLayer
from archsearch.request import Request
from archsearch.run import Run

SMOKE = ("budget=smoke", "executor=serial", "logger=none", "references=[rnn]")


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def on_the_command_line(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["archsearch", *arguments])
    main()


def results(run: Run) -> list[tuple[int, float, float]]:
    return [(trial.number, trial.fitness, trial.wall_seconds) for trial in run.trials]


def test_what_the_command_began_python_continues_and_the_other_way_round(
    monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    on_the_command_line(monkeypatch, *SMOKE, "trials=1", "seed=3")
    (directory,) = (folder / "outputs").iterdir()
    first = results(archsearch.load(directory))
    run = archsearch.search(*SMOKE, trials=2, seed=3)
    assert run.folder == directory
    assert results(run)[: len(first)] == first
    assert len(run.proposed) == 2
    on_the_command_line(monkeypatch, *SMOKE, "trials=3", "seed=3")
    assert results(archsearch.load(directory))[:3] == results(run)
    capsys.readouterr()
    assert results(archsearch.search(*SMOKE, trials=3, seed=3)) == results(
        archsearch.load(directory)
    )
    assert "this run was complete" in capsys.readouterr().out


def test_a_run_has_plain_trials_a_best_cell_and_a_table(folder: Path) -> None:
    run = archsearch.search(*SMOKE, trials=2)
    assert [trial.number for trial in run.trials] == [0, 1, 2]
    assert [trial.origin.operation for trial in run.trials] == ["reference", "seed", "seed"]
    assert list(run.references) == ["rnn"]
    assert run.best is not None
    assert run.best.metric == min(trial.metric for trial in run.proposed)  # a perplexity
    cell = run.best.cell
    assert isinstance(cell, Cell)
    assert cell._repr_svg_() == cell.to_svg()
    y, _ = RecurrentLayer(cell, 4, 5)(torch.zeros(3, 2, 4))
    assert y.shape == (3, 2, 5)
    assert repr(run).endswith(
        f"2 trials, 1 reference cells, best: trial {run.best.number}, "
        f"perplexity {run.best.metric:#.5g}>"
    )
    table = run.to_dataframe()
    assert list(table.index) == [0, 1, 2]
    assert table["reference"][0] == "rnn"
    assert table["metric"][run.best.number] == run.best.metric
    assert table["cell"][run.best.number] == str(cell)


def test_without_pandas_a_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    run = archsearch.search(*SMOKE, trials=1)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"pip install pandas$"):
        run.to_dataframe()


def test_searches_follow_each_other_in_one_process(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.delenv(ROOT_VARIABLE, raising=False)
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    first = archsearch.search(*SMOKE, f"data.root={folder}", trials=1)
    assert ROOT_VARIABLE not in os.environ
    assert torch.get_num_threads() == 2  # one is for trials
    torch.set_num_threads(threads)
    second = archsearch.search(*SMOKE, search="random", cell_space="dsl_core", trials=1)
    assert first.folder != second.folder
    assert second.choices.search == "random"
    assert len(archsearch.search(*SMOKE, trials=2).proposed) == 2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (("serch=gp_neat",), "^serch: unknown key; did you mean 'search'?"),
        (("search=gp_neet",), "^search=gp_neet: no such choice; did you mean 'gp_neat'?"),
        (("search.populaton_size=9",), "did you mean 'search.population_size'?"),
        (("search.population_size=1",), "population_size"),
        (("trials=0",), "^trials: expected at least 1, got 0$"),
        (("trials=abc",), "abc"),
        (("references=[lstn]",), "lstm"),
        (("-m",), "^expected settings such as 'task=ptb', got '-m'"),
        (("seed=1,2",), "seed"),
        (("+sweeps=hidden_size",), "need -m: python -m archsearch -m .*[+]sweeps=hidden_size$"),
        (("+sweeps=transfer",), "is for another command: python -m archsearch.train"),
    ],
)
def test_a_mistake_is_one_line_trains_nothing_and_the_next_call_works(
    folder: Path, settings: tuple[str, ...], message: str
) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        archsearch.search(*SMOKE, *settings)
    assert len(str(raised.value).splitlines()) == 1
    assert not GlobalHydra.instance().is_initialized()
    assert not any(archsearch.load(run).trials for run in folder.glob("outputs/*"))
    composed(SMOKE)


def test_settings_of_python_are_those_of_the_command_line() -> None:
    words = composed(
        [*SMOKE, "task=ptb", "seed=2", "references=[lstm,gru]", "search.population_size=50"]
    )
    values = composed_with(
        task="ptb", seed=np.int64(2), references=["lstm", "gru"],
        **{"search.population_size": 50},
    )  # fmt: skip
    assert identity(values[0]) == identity(words[0])
    assert values[1].run_dir == words[1].run_dir
    cfg, request = composed_with(
        suite="none", output_root=Path("my runs, all=here"), asynchronous=True, compute_seconds=1e3
    )
    assert request.run_dir.parent == Path("my runs, all=here").absolute()
    assert (cfg.suite, cfg.asynchronous, cfg.compute_seconds) == ({}, True, 1000.0)


def composed_with(**settings: object) -> tuple[DictConfig, Request]:
    return composed([*SMOKE, *as_overrides(settings)])


def test_a_configuration_of_ones_own_is_found_in_its_folder(folder: Path) -> None:
    (folder / "conf" / "budget").mkdir(parents=True)
    own = "defaults: [smoke]\nname: mine\nhidden_size: 5\n"
    (folder / "conf" / "budget" / "mine.yaml").write_text(own)
    cfg, request = composed(["budget=mine"], "conf")
    assert cfg.budget.hidden_size == 5
    assert request.run_dir.name.startswith("xml-mine-")
    assert request.asked.config_dir == str(folder / "conf")
    with pytest.raises(ConfigError, match="no such choice"):
        archsearch.search("budget=mine")
    with pytest.raises(ConfigError, match="config_dir: expected a folder, got 'nowhere'"):
        composed(["budget=mine"], "nowhere")


def test_what_is_no_run_is_not_loaded(folder: Path) -> None:
    for place in (folder / "nowhere", folder):
        with pytest.raises(ArchiveError, match="expected the archive of a run"):
            archsearch.load(place)


def test_an_archive_is_read_by_the_path_of_its_run_or_file(folder: Path) -> None:
    directory = folder / "what? 100%#"  # signs that mean something in URLs
    archsearch.search(*SMOKE, **{"hydra.run.dir": directory}, trials=1)
    file = directory / "archive.sqlite"
    for place in (directory, str(directory), file, str(file)):
        with Archive.read(place) as archive:
            assert len(archive) == 2
    assert len(archsearch.load(str(directory)).trials) == 2


def python(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    (folder / "script.py").write_text(textwrap.dedent(program))
    command = [sys.executable, "script.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_a_script_without_a_guard_searches_once(folder: Path) -> None:
    """Worker processes are spawned, and must not run the script that asked for them."""
    done = python(
        folder,
        """
        import archsearch
        print("begin")
        settings = ("budget=smoke", "references=[]", "executor.workers=1", "logger=none")
        run = archsearch.search(*settings, trials=1)
        print("end", len(run.trials), run.best.status)
        """,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("begin") == 1
    assert done.stdout.endswith("end 1 ok\n")


def test_the_package_is_light_and_the_door_stays_one_beside_its_namesake(folder: Path) -> None:
    done = python(
        folder,
        """
        import sys
        import archsearch
        heavy = {"torch", "hydra", "numpy", "sqlalchemy"}
        assert heavy.isdisjoint(sys.modules), heavy & set(sys.modules)
        from hydra.utils import get_object
        get_object("archsearch.search.GPNEAT")  # as a configuration names it, before any import
        import archsearch.search.loop
        from archsearch import search
        assert search is archsearch.search is sys.modules["archsearch.search"]
        assert archsearch.search.loop.Search is archsearch.search.Search
        try:
            archsearch.search("serch=gp_neat")
        except ValueError as error:
            print(error)
        """,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "serch: unknown key; did you mean 'search'?\n"
