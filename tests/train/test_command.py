"""`python -m archsearch.train`, killed, repeated and misused."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from safetensors import safe_open

from archsearch.cell import zoo
from archsearch.train.__main__ import main

ARGUMENTS = [
    "task=xml", "budget=smoke", "cell=zoo/gru", "budget.epochs=30", "model.hidden_dropout=0.1",
    "model.word_dropout=0.1", "task.corpus.train_symbols=3200", "task.corpus.test_symbols=500",
]  # fmt: skip


@pytest.fixture
def command(monkeypatch, capfd):
    """Runs the command in this process: gives exit code and what it printed."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["archsearch.train", *arguments])
        return main(), *capfd.readouterr()

    return run


def result_in(root) -> dict:
    (path,) = root.glob("*/result.json")
    result = json.loads(path.read_text())
    times = [result.pop("wall_seconds"), *(point.pop("wall_seconds") for point in result["curve"])]
    assert times[1:] == sorted(times[1:])
    return result


def interrupt(root, number: int) -> subprocess.CompletedProcess:
    """Start the command in a process of its own and signal it once an epoch is done."""
    with subprocess.Popen(
        [sys.executable, "-m", "archsearch.train", *ARGUMENTS, f"output_root={root}"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    ) as process:  # fmt: skip
        while not process.stdout.readline().startswith("epoch"):
            assert process.poll() is None, process.stderr.read()
        while not list(root.glob("*/last.ckpt")):
            time.sleep(0.01)
        process.send_signal(number)
        output, errors = process.communicate(timeout=60)
    assert not list(root.glob("*/result.json")), "interrupted too late: nothing was shown"
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def test_a_killed_training_goes_on_and_gives_what_an_undisturbed_one_gives(command, tmp_path):
    killed, undisturbed = tmp_path / "killed", tmp_path / "undisturbed"
    assert interrupt(killed, signal.SIGKILL).returncode == -signal.SIGKILL
    stopped = interrupt(killed, signal.SIGINT)
    assert stopped.returncode == 130
    assert stopped.stderr.count("\n") == 1
    assert "the same command goes on" in stopped.stderr

    code, output, errors = command(*ARGUMENTS, f"output_root={killed}")
    assert (code, errors) == (0, "")
    assert "goes on in" in output
    assert "epoch  1/30" not in output
    assert "epoch 30/30" in output

    code, output, _ = command(*ARGUMENTS, f"output_root={undisturbed}")
    assert code == 0
    assert output.count("\nepoch") == 30
    assert result_in(killed) == result_in(undisturbed)

    code, again, _ = command(*ARGUMENTS, f"output_root={undisturbed}")
    assert code == 0
    assert again.startswith("complete already")
    assert again.splitlines()[1:] == output.splitlines()[-4:]

    (folder,) = undisturbed.iterdir()
    assert (folder / "cell.txt").read_text() == f"{zoo['gru']}\n"
    with safe_open(folder / "model.safetensors", "pt") as weights:
        assert weights.metadata()["cell"] == str(zoo["gru"])
        assert "embedding" in weights.keys()  # noqa: SIM118
    torch.load(folder / "last.ckpt", weights_only=True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["cell=zoo/lstn"], "did you mean lstm"),
        (["cell=h_t = Tanh(Linear(x_t, h_tm2))"], "h_tm2"),
        (["budget.epochs=0"], "budget.epochs: expected a number above 0, got 0"),
        (["trainer.clip_norm=-1"], "trainer.clip_norm: expected a number above 0, got -1"),
        (["trainer.clip=1"], "trainer.clip"),
        (["trainer=sgd_decoy"], "did you mean 'sgd_decay'"),
        (["model.word_dropout=2"], "word_dropout: expected at least 0 and below 1, got 2"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(command, tmp_path, arguments, message):
    code, output, errors = command(
        "task=xml", "budget=smoke", f"output_root={tmp_path}", *arguments
    )
    assert (code, output) == (2, "")
    assert message in errors
    assert errors.splitlines()[0].startswith("archsearch: ")


def test_a_directory_of_another_training_is_left_alone(command, tmp_path):
    here = [*ARGUMENTS, "budget.epochs=1", f"hydra.run.dir={tmp_path}"]
    assert command(*here)[0] == 0
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    code, _, errors = command(*here, "seed=2")
    assert code == 2
    assert "holds a training of another configuration" in errors
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_cell_may_be_given_as_text(command, tmp_path):
    text = "r = Sigmoid(Linear(x_t)); h_t = Tanh(Linear(x_t, Mult(r, h_tm1)))"
    code, _, errors = command(
        *ARGUMENTS, "budget.epochs=1", f"hydra.run.dir={tmp_path}", f"cell={text}"
    )
    assert (code, errors) == (0, "")
    assert "Mult" in (tmp_path / "cell.txt").read_text()
