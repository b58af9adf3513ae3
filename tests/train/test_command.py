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
from archsearch.train.epochs import SaveEpochs

ARGUMENTS = [
    "task=xml", "budget=smoke", "cell=zoo/gru", "budget.epochs=20", "model.hidden_dropout=0.1",
    "model.word_dropout=0.1", "task.corpus.train_symbols=3200", "task.corpus.test_symbols=500",
]  # fmt: skip


@pytest.fixture
def command(monkeypatch, capfd):
    """Runs the command in this process: gives exit code and what it printed."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["archsearch.train", *arguments])
        try:
            main()
        except SystemExit as exit_:
            return exit_.code, *capfd.readouterr()
        return 0, *capfd.readouterr()

    return run


def result_in(root) -> dict:
    (path,) = root.glob("*/result.json")
    result = json.loads(path.read_text())
    times = [result.pop("wall_seconds"), *(point.pop("wall_seconds") for point in result["curve"])]
    assert times[1:] == sorted(times[1:])
    return result


def contents(folder) -> dict:
    return {path: path.read_bytes() for path in folder.iterdir() if path.name != ".lock"}


def kill_after_an_epoch(root) -> None:
    """Start the command in a process of its own and kill it once an epoch is saved."""
    with subprocess.Popen(
        [sys.executable, "-m", "archsearch.train", *ARGUMENTS, f"output_root={root}"],
        stdout=subprocess.DEVNULL,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    ) as process:
        while not list(root.glob("*/last.ckpt")):
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
    assert not list(root.glob("*/result.json")), "killed too late: nothing is shown"


def test_a_killed_training_goes_on_and_gives_what_an_undisturbed_one_gives(
    command, tmp_path, monkeypatch
):
    killed, undisturbed = tmp_path / "killed", tmp_path / "undisturbed"
    kill_after_an_epoch(killed)

    with monkeypatch.context() as patch:
        patch.setattr(SaveEpochs, "on_train_epoch_end", lambda *_: signal.raise_signal(2))
        code, _, errors = command(*ARGUMENTS, f"output_root={killed}")
    assert code == 130
    assert errors.count("\n") == 1
    assert "the same command goes on" in errors

    code, output, errors = command(*ARGUMENTS, f"output_root={killed}")
    assert (code, errors) == (0, "")
    assert "goes on in" in output
    assert "epoch  1/20" not in output
    assert "epoch 20/20" in output

    code, output, _ = command(*ARGUMENTS, f"output_root={undisturbed}")
    assert code == 0
    assert output.count("\nepoch") == 20
    assert result_in(killed) == result_in(undisturbed)

    code, again, _ = command(*ARGUMENTS, f"output_root={undisturbed}")
    assert code == 0
    assert again.startswith("complete already")
    assert again.splitlines()[1:] == output.splitlines()[-5:]

    (folder,) = undisturbed.iterdir()
    assert (folder / "cell.txt").read_text() == f"{zoo['gru']}\n"
    with safe_open(folder / "model.safetensors", "pt") as weights:
        assert weights.metadata()["cell"] == str(zoo["gru"])
        assert "embedding" in weights.keys()  # noqa: SIM118
    torch.load(folder / "last.ckpt", weights_only=True)


def test_the_test_split_is_left_alone_until_it_is_asked_for(command, tmp_path) -> None:
    arguments = (*ARGUMENTS, "budget.epochs=2", f"output_root={tmp_path}")
    code, output, _ = command(*arguments, "test=false")
    assert code == 0
    assert "not tested" in output
    assert result_in(tmp_path)["test"] is None
    code, output, _ = command(*arguments)
    assert code == 0
    assert "epoch 1/2" not in output
    tested = result_in(tmp_path)
    code, output, _ = command(*arguments, "test=false")
    assert output.startswith("complete already")
    other = tmp_path / "other"
    command(*ARGUMENTS, "budget.epochs=2", f"output_root={other}")
    assert result_in(other) == tested
    assert tested["test"] > 1


def test_a_training_begins_with_the_weights_of_another(command, tmp_path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    command(*ARGUMENTS, "budget.epochs=4", f"output_root={first}")
    (folder,) = first.iterdir()
    arguments = (*ARGUMENTS, "budget.epochs=1", "trainer.schedule.lr=1e-12")
    code, _, _ = command(*arguments, f"start_from={folder}", f"output_root={second}")
    assert code == 0
    assert result_in(second)["valid"] == pytest.approx(result_in(first)["valid"], rel=1e-4)

    wrong = [each.replace("zoo/gru", "zoo/rnn") for each in arguments]
    code, _, errors = command(*wrong, f"start_from={folder}", f"output_root={tmp_path / 'third'}")
    assert code == 2
    assert "archsearch: the weights in" in errors
    nowhere = tmp_path / "nowhere"
    code, _, errors = command(*arguments, f"start_from={tmp_path}", f"output_root={nowhere}")
    assert code == 2
    assert not list(nowhere.iterdir()), "a mistake leaves no empty directory"
    assert "expected the directory of a finished training" in errors


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["cell=zoo/lstn"], "did you mean lstm"),
        (["cell=h_t = Tanh(Linear(x_t, h_tm2))"], "h_tm2"),
        (["budget.epochs=0"], "budget.epochs: expected a number above 0, got 0"),
        (["trainer.clip_norm=-1"], "trainer.clip_norm: expected a number above 0, got -1"),
        (["trainer.clip=1"], "trainer.clip"),
        (["trainer.precision=half"], "should be 'float32', 'bfloat16' or 'auto'"),
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
    before = contents(tmp_path)
    code, _, errors = command(*here, "seed=2")
    assert code == 2
    assert "holds a training of another configuration" in errors
    assert contents(tmp_path) == before


def test_a_training_that_diverges_is_one_line_and_exit_code_1(command, tmp_path):
    diverging = (
        *ARGUMENTS, f"hydra.run.dir={tmp_path}", "task.max_perplexity=2", "budget.max_seconds=0.001"
    )  # fmt: skip
    code, output, errors = command(*diverging)
    assert code == 1
    assert errors.startswith("archsearch: the training failed: validation perplexity")
    assert errors.count("\n") == 1
    assert output
    assert command(*diverging) == (1, "", errors), "it is not trained again"


def test_of_a_sweep_the_others_go_on_where_a_training_fails(command, tmp_path):
    failing = (*ARGUMENTS, "budget.epochs=1", f"output_root={tmp_path}", "task.max_perplexity=2,58")
    code, _, errors = command("-m", *failing)
    assert code == 0
    assert errors.count("the training failed") == 1
    assert len(list(tmp_path.glob("*/failed.json"))) == 1
    assert len(list(tmp_path.glob("*/result.json"))) == 1


def test_a_cell_may_be_given_as_text(command, tmp_path):
    text = "r = Sigmoid(Linear(x_t)); h_t = Tanh(Linear(x_t, Mult(r, h_tm1)))"
    code, _, errors = command(
        *ARGUMENTS, "budget.epochs=1", f"hydra.run.dir={tmp_path}", f"cell={text}"
    )
    assert (code, errors) == (0, "")
    assert "Mult" in (tmp_path / "cell.txt").read_text()


def test_auto_goes_on_in_the_precision_that_the_run_began_with(command, tmp_path):
    """Here as on a machine that would have chosen the other one."""
    results = {}
    for chosen in ("float32", "bfloat16"):
        begun, given = tmp_path / f"auto-{chosen}", tmp_path / chosen
        begun.mkdir()
        (begun / "precision.json").write_text(json.dumps({"precision": chosen}))
        for folder, precision in ((begun, "auto"), (given, chosen)):
            code, output, errors = command(
                *ARGUMENTS, "budget.epochs=2", f"hydra.run.dir={folder}",
                f"trainer.precision={precision}",
            )  # fmt: skip
            assert (code, errors) == (0, "")
            assert ("as chosen when this run began" in output) == (precision == "auto")
            results[folder] = result = json.loads((folder / "result.json").read_text())
            assert result["precision"] == chosen
        assert results[begun]["valid"] == results[given]["valid"]
        assert results[begun]["test"] == results[given]["test"]
    assert len({result["valid"] for result in results.values()}) == 2


def test_auto_chooses_and_says_so(command, tmp_path):
    here = [*ARGUMENTS, "budget.epochs=1", f"hydra.run.dir={tmp_path}", "trainer.precision=auto"]
    code, output, errors = command(*here)
    assert (code, errors) == (0, "")
    chosen = json.loads((tmp_path / "precision.json").read_text())["precision"]
    assert chosen in ("float32", "bfloat16")
    assert f"\nprecision: {chosen}; the same training steps took" in output
    assert json.loads((tmp_path / "result.json").read_text())["precision"] == chosen


class _Runs:
    """Pickled, it would run code where it is read."""

    def __reduce__(self):
        return (os.system, ("touch it_ran",))


@pytest.mark.parametrize("file", ["model.safetensors", "last.ckpt"])
@pytest.mark.parametrize("kind", ["pickle", "garbage"])
def test_a_file_of_weights_that_is_none_is_refused_in_one_line(
    command, tmp_path, monkeypatch, file, kind
) -> None:
    arguments = (*ARGUMENTS, "budget.epochs=2", f"output_root={tmp_path / 'first'}")
    command(*arguments)
    (folder,) = (tmp_path / "first").iterdir()
    (folder / "result.json").unlink()
    if kind == "pickle":
        torch.save({"a": _Runs()}, folder / file)
    else:
        (folder / file).write_bytes(b"no weights at all")
    monkeypatch.chdir(tmp_path)
    if file == "last.ckpt":  # the same training goes on
        code, _, errors = command(*arguments)
    else:  # another begins with its weights
        code, _, errors = command(*ARGUMENTS, f"start_from={folder}", "output_root=second")
        assert list((tmp_path / "second").iterdir()) == []
    assert code == 2
    (line,) = errors.splitlines()
    assert line.startswith(f"archsearch: {folder / file}: expected ")
    assert not (tmp_path / "it_ran").exists()


def test_a_number_of_parameters_that_no_width_meets_is_refused(command, tmp_path) -> None:
    arguments = (*ARGUMENTS, "match_parameters=10", f"output_root={tmp_path}")
    code, _, errors = command(*arguments)
    assert code == 2
    assert "match_parameters=10: no width meets it; the smallest network" in errors
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_of_searches_is_no_training(command) -> None:
    code, _, errors = command("-m", "+sweeps=compare_strategies")
    assert code == 2
    assert "is for another command: python -m archsearch -m +sweeps=compare_strategies" in errors
    code, _, errors = command("+sweeps=transfer", "cell=zoo/gru")
    assert code == 2
    assert "python -m archsearch.train -m +sweeps=transfer cell=zoo/gru" in errors
