"""`python -m archsearch.export` on a training and on a search."""

import ast
import json
import re
import shutil
import sys
from pathlib import Path

import hydra
import pytest
import torch
from omegaconf import OmegaConf
from safetensors.torch import load_file, save_file

from archsearch.__main__ import main as search_main
from archsearch.archive import Archive, Candidate, Origin, RunInfo, Status, Trial
from archsearch.archive.best_weights import WEIGHTS_FILE, facts_about
from archsearch.cell import parse, zoo
from archsearch.conf_files import conf_folder
from archsearch.config import register
from archsearch.export import __main__ as export
from archsearch.export import formats
from archsearch.export.python_file import loaded
from archsearch.export.reading import read_export
from archsearch.train import __main__ as train
from archsearch.train.rebuilding import read_trained

HOSTILE = 'run """ \\ <b> $x$'


@pytest.fixture
def command(monkeypatch, capfd):
    """Runs it in this process: gives exit code, stdout and stderr."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["archsearch.export", *map(str, arguments)])
        try:
            export.main()
        except SystemExit as exit_:
            return exit_.code, *capfd.readouterr()
        return 0, *capfd.readouterr()

    return run


@pytest.fixture(scope="module")
def training(tmp_path_factory) -> Path:
    """The directory of a small one, under a name that no file should trust."""
    folder = tmp_path_factory.mktemp("outputs") / HOSTILE
    arguments = [
        "task=xml", "budget=smoke", "cell=zoo/lstm", "budget.hidden_size=8", "budget.epochs=1",
        f"output_root={folder.parent}/first",
    ]  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["archsearch.train", *arguments])
        train.main()
    (run,) = (folder.parent / "first").iterdir()
    run.rename(folder)
    return folder


@pytest.fixture(scope="module")
def search(tmp_path_factory) -> Path:
    """The directory of one that found a child of two cells."""
    folder = tmp_path_factory.mktemp("outputs") / "search"
    folder.mkdir()
    register()
    with hydra.initialize_config_dir(conf_folder(), version_base="1.3"):
        config = hydra.compose("config", ["task=xml", "budget=tiny"])
    OmegaConf.save(config, folder / "config.yaml", resolve=True)
    child = parse("h_t = Tanh(Add(Linear(x_t, h_tm1), x_t))")
    trials = [
        trial(0, zoo["gru"], Origin("reference"), -2.0),
        trial(1, zoo["rnn"], Origin("random"), -2.5),
        trial(2, zoo["lstm"], Origin("random"), None),
        trial(3, child, Origin("crossover", (1, 2), {"generation": 1}), -1.0, genome=["Tanh"]),
    ]
    with Archive.open(f"sqlite:///{folder}/archive.sqlite", RunInfo("search", "0", {}, "r1")) as a:
        for each in trials:
            a.append(each)
    (folder / "best_cell.txt").write_text(f"{child}\n")
    return folder


def trial(number, cell, origin, fitness, genome=None) -> Trial:
    candidate = Candidate(number, cell, genome, origin)
    if fitness is None:
        return Trial.failed(candidate, Status.DIVERGED, 1, "NaN", 1.0)
    return Trial(candidate, Status.OK, 1, (), -fitness, fitness, 100, 1.0)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_a_training_is_exported_beside_itself_and_the_same_command_changes_nothing(
    command, training, tmp_path
):
    run = tmp_path / training.name
    shutil.copytree(training, run)
    before = contents(run)
    code, out, err = command(run)
    assert (code, err) == (0, "")
    assert "python: largest difference from the trained model " in out
    assert contents(run) == before
    files = contents(run / "export")
    assert set(files) == {"model.py", "model.safetensors", "vocabulary.json", "model.json"}
    assert command(run)[0] == 0
    assert contents(run / "export") == files
    (run / "export" / "model.py").write_text("mine")
    code, out, err = command(run, "--to", "json,python")
    assert (code, err.count("\n")) == (2, 1)
    assert "is there already, with another content, and stays" in err
    assert (run / "export" / "model.py").read_text() == "mine"


def test_the_description_says_where_it_comes_from(command, training, tmp_path):
    assert command(training, "--to", "json", "--out", tmp_path)[0] == 0
    description = json.loads((tmp_path / "model.json").read_text())
    assert (description["schema"], description["kind"]) == (1, "cell")
    assert parse(description["text"]) == zoo["lstm"]
    assert description["key"] == zoo["lstm"].key
    assert description["genome"] is None
    origin = description["provenance"]
    result = json.loads((training / "result.json").read_text())
    assert (origin["run"], origin["kind"]) == (HOSTILE, "training")
    assert origin["metric"]["valid"] == result["valid"]
    assert origin["config"]["task"]["name"] == "xml"
    assert (origin["trial"], origin["lineage"]) == (None, [])


def test_the_name_of_a_run_stays_in_its_docstring(command, training, tmp_path):
    assert command(training, "--to", "python", "--out", tmp_path)[0] == 0
    module = ast.parse((tmp_path / "model.py").read_text())
    assert f"Run: {HOSTILE}, task xml" in ast.get_docstring(module)


def test_an_export_reads_back_as_the_network_that_was_trained(command, training, tmp_path):
    assert command(training, "--out", tmp_path)[0] == 0
    trained, back = read_trained(training), read_export(tmp_path)
    weights = back.network.state_dict()
    for name, value in trained.network.state_dict().items():
        assert value.equal(weights[name]), name


def test_a_search_gives_code_and_lineage_and_says_how_to_get_weights(command, search, tmp_path):
    code, out, err = command(search, "--out", tmp_path)
    assert (code, err) == (0, "")
    assert f"python -m archsearch.train cell={search}" in out
    assert set(contents(tmp_path)) == {"model.py", "model.json"}
    assert "def load" not in (tmp_path / "model.py").read_text()
    description = json.loads((tmp_path / "model.json").read_text())
    origin = description["provenance"]
    assert description["genome"] == ["Tanh"]
    assert (origin["kind"], origin["found_in"], origin["revision"]) == ("search", "search", "r1")
    assert (origin["trial"]["number"], origin["trial"]["parents"]) == (3, [1, 2])
    assert [each["number"] for each in origin["lineage"]] == [1, 2]
    assert [each["status"] for each in origin["lineage"]] == ["ok", "diverged"]
    assert origin["lineage"][1]["fitness"] is None
    code, out, err = command(search, "--to", "onnx", "--out", tmp_path / "no")
    assert (code, err.count("\n")) == (2, 1)
    assert f"export the training: python -m archsearch.train cell={search}" in err


def test_the_best_cell_of_a_search_is_exported_with_the_weights_of_its_trial(
    command, tmp_path, monkeypatch, capfd
):
    monkeypatch.chdir(tmp_path)
    small = ("budget=smoke", "search=random", "trials=3", "executor=serial", "logger=none")
    monkeypatch.setattr(sys, "argv", ["archsearch", *small, "references=[]"])
    search_main()
    capfd.readouterr()
    (run,) = (folder for folder in Path("outputs").iterdir())
    code, out, err = command(run, "--to", "python,json,onnx", "--out", "there")
    assert (code, err) == (0, "")
    assert "weights: those of its trial, under the search's budget" in out
    assert "with the weights of its trial" in Path("there/model.py").read_text()
    origin = json.loads(Path("there/model.json").read_text())["provenance"]
    with Archive.read(f"sqlite:///{run}/archive.sqlite") as archive:
        (best,) = archive.best(1)
    back = read_export(Path("there"))
    assert origin["trial"]["number"] == best.candidate.number
    assert str(back.architecture) == str(best.candidate.architecture)
    assert sum(value.numel() for value in back.network.parameters()) == best.num_params
    kept = load_file(run / "best_cell.safetensors")
    assert all(value.equal(kept[name]) for name, value in back.network.state_dict().items())
    (run / "best_cell.txt").write_text(str(zoo["mut1"]))  # the weights are of another cell now
    assert "weights: none" in command(run, "--out", "elsewhere")[1]


def test_where_the_data_is_not_there_the_architecture_still_is(
    command, search, tmp_path, monkeypatch
):
    folder = shutil.copytree(search, tmp_path / "search")
    config = OmegaConf.load(folder / "config.yaml")
    config.task.corpus = {
        "_target_": "archsearch.data.load_text", "_partial_": True, "train": "nowhere.txt",
    }  # fmt: skip
    OmegaConf.save(config, folder / "config.yaml")
    with Archive.read(f"sqlite:///{folder}/archive.sqlite") as archive:
        (best,) = (each for each in archive.trials() if each.candidate.number == 3)
    budget = {"name": "x", "epochs": 1, "batch_size": 1, "num_layers": 1, "hidden_size": 8}
    facts = {**facts_about(best), "budget": json.dumps({**budget, "unroll_steps": 5})}
    save_file({"w": torch.zeros(1)}, folder / WEIGHTS_FILE, facts)
    code, out, err = command(folder)
    assert (code, err) == (0, "")
    assert re.search(r"without the weights: .*nowhere\.txt", out)
    assert set(contents(folder / "export")) == {"model.py", "model.json"}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("layer 1 { h_t = Tanh(Linear(x_t, h_tm1)) } 2 { h_t = ReLU(Linear(x_t)) }", "layer"),
        ("conv 3x3x4 <- image; max_pool 2x2 /2 <- 0", "network"),
    ],
)
def test_whatever_a_search_found_is_exported_also_without_its_archive(
    command, search, tmp_path, text, kind
):
    shutil.copy(search / "config.yaml", tmp_path)
    (tmp_path / "best_cell.txt").write_text(text)
    code, _, err = command(tmp_path)
    assert (code, err) == (0, "")
    description = json.loads((tmp_path / "export" / "model.json").read_text())
    assert (description["kind"], description["provenance"]["trial"]) == (kind, None)
    model = loaded(tmp_path / "export" / "model.py").build()
    assert sum(parameter.numel() for parameter in model.parameters()) > 0


def test_a_model_that_differs_is_an_error_and_leaves_nothing(
    command, training, tmp_path, monkeypatch
):
    right = formats.python_file
    wrong = lambda *arguments: right(*arguments).replace("torch.tanh(c_t)", "torch.sin(c_t)")  # noqa: E731
    monkeypatch.setattr(formats, "python_file", wrong)
    code, _, err = command(training, "--to", "json,python", "--out", tmp_path / "out")
    assert (code, err.count("\n")) == (1, 1)
    assert "model.py differs from the trained model by" in err
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_exported_is_named(command, training, tmp_path, monkeypatch):
    def refused(*arguments: object) -> str:
        code, _, err = command(*arguments, "--out", tmp_path / "out")
        assert (code, err.count("\n")) == (2, 1), err
        assert not (tmp_path / "out").exists()
        return err

    assert "found neither model.safetensors nor best_cell.txt" in refused(tmp_path)
    assert "expected some of python, json, onnx, torch_export, got 'jax'" in refused(
        training, "--to", "python,jax"
    )
    for package in ("onnx", "onnxruntime"):
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, package, None)
            assert "pip install 'archsearch[export]'" in refused(training, "--to", "onnx")
