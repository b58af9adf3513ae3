"""Every file of sweeps/: it opens with command and question, it composes, and it runs.

The first choices of its parameters are composed, the last ones run; test_config.py composes every
file of conf/.
"""

import sys
from pathlib import Path

import hydra
import pytest
from omegaconf import OmegaConf
from torch_settings import torch_settings  # noqa: F401

from archsearch import __main__ as search
from archsearch.archive import Archive
from archsearch.cell import zoo
from archsearch.conf_files import conf_folder
from archsearch.config import register
from archsearch.config_check import check
from archsearch.train import __main__ as train
from archsearch.train.files import read_result

SWEEPS = sorted((Path(conf_folder()).parent / "sweeps").glob("*.yaml"))
# On top of what a sweep says, so that a run takes a second.
SMALL = ("task=xml", "budget=smoke")
SMALL_SEARCH = (*SMALL, "executor=serial", "logger=none", "trials=1", "references=[]")
LAYER = f"layer 1 {{ {zoo['rnn']} }} 1 {{ {zoo['gru']} }}"


def opening(file: Path) -> list[str]:
    return [line for line in file.read_text(encoding="utf-8").splitlines() if line[:1] == "#"]


def is_training(file: Path) -> bool:
    return any("archsearch.train -m" in line for line in opening(file))


def choices(file: Path) -> dict[str, list[str]]:
    params = OmegaConf.load(file).hydra.sweeper.params
    return {str(key): str(value).split(",") for key, value in params.items()}


def compose_and_check(file: Path, *overrides: str) -> None:
    register()
    with hydra.initialize_config_dir(conf_folder(), version_base="1.3"):
        name = "train" if is_training(file) else "config"
        check(hydra.compose(name, overrides=[f"+sweeps={file.stem}", *overrides]))


@pytest.mark.parametrize("file", SWEEPS, ids=lambda file: file.stem)
def test_a_sweep_opens_with_its_command_and_question_and_composes(file: Path) -> None:
    lines = opening(file)
    assert f"-m +sweeps={file.stem}" in lines[1]
    assert any(line.rstrip().endswith("?") or "? " in line for line in lines)
    assert "trains nothing twice" in " ".join(line[1:].strip() for line in lines)
    compose_and_check(file, *(f"{key}={values[0]}" for key, values in choices(file).items()))


@pytest.mark.parametrize("file", SWEEPS, ids=lambda file: file.stem)
def test_a_sweep_runs(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One trial."""
    last = {key: values[-1] for key, values in choices(file).items()}
    if is_training(file):
        (tmp_path / "layer.txt").write_text(LAYER)
        last |= {"cell": "layer.txt"}
        if "match_parameters" in OmegaConf.load(file):
            last |= {"match_parameters": "20k"}
    pinned = [f"{key}={value}" for key, value in last.items() if key not in ("task", "budget")]
    small = SMALL if is_training(file) else SMALL_SEARCH
    command = ["archsearch", "-m", f"+sweeps={file.stem}", *pinned, *small]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", command)
    (train if is_training(file) else search).main()
    (run,) = (path for path in (tmp_path / "outputs").iterdir() if path.is_dir())
    if is_training(file):
        assert read_result(run)["metric"] == "perplexity"
    else:
        with Archive.read(f"sqlite:///{run / 'archive.sqlite'}") as archive:
            assert len(archive.trials()) == 1
