"""`python -m archsearch.sample`, after a training on a folder of MIDI files."""

import io
import json
import shutil
import sys
from contextlib import redirect_stderr
from pathlib import Path

import mido
import pytest
import torch
from omegaconf import OmegaConf

from archsearch import sample
from archsearch.data import TimeUnit, midi_of_roll, roll_of_midi
from archsearch.train import __main__ as train

FRAME_SECONDS = 0.25  # of a step of half a quarter note


@pytest.fixture
def command(monkeypatch, capfd):
    """Runs it in this process: gives exit code and what it printed on stderr."""

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["archsearch.sample", *arguments])
        try:
            sample.main()
        except SystemExit as exit_:
            return exit_.code, capfd.readouterr().err
        return 0, capfd.readouterr().err

    return run


@pytest.fixture(scope="module")
def training(tmp_path_factory) -> Path:
    """The directory of one on ten pieces of 20 frames, and a file that is none."""
    folder = tmp_path_factory.mktemp("music")
    for i in range(10):
        roll = torch.zeros(20, 88, dtype=torch.uint8)
        roll[torch.arange(20), (torch.arange(20) + i) % 12 + 30] = 1
        (folder / f"{i}.mid").write_bytes(midi_of_roll(roll, FRAME_SECONDS))
    (folder / "broken.mid").write_bytes(b"MThd and no more")
    arguments = [
        "task=midi", f"task.corpus.source={folder}", "task.corpus.time_step=0.5",
        "cell=zoo/gru", "budget.hidden_size=8", "budget.epochs=2", f"output_root={folder}/out",
    ]  # fmt: skip
    with pytest.MonkeyPatch.context() as patch, redirect_stderr(io.StringIO()) as errors:
        patch.setattr(sys, "argv", ["archsearch.train", *arguments])
        train.main()
    (line,) = errors.getvalue().splitlines()
    assert "skipped 1 of 11 MIDI files" in line
    assert "broken.mid" in line
    (run,) = (folder / "out").iterdir()
    return run


def test_the_result_has_f1_as_its_metric_and_all_measures(training):
    result = json.loads((training / "result.json").read_text())
    assert result["metric"] == "F1"
    assert set(result["test_measures"]) == {"nll", "precision", "recall", "accuracy"}


def test_a_continuation_of_a_test_piece_is_written(command, training, tmp_path):
    def new(name: str, *arguments: str) -> bytes:
        options = (f"run={training}", f"out={tmp_path}/new/{name}.mid", "seconds=4", *arguments)
        code, err = command(*options)
        assert code == 0, err
        return (tmp_path / "new" / f"{name}.mid").read_bytes()

    first = new("first", "prime_seconds=1.5")
    assert new("again", "prime_seconds=1.5") == first
    assert new("other", "prime_seconds=1.5", "seed=2") != first
    assert new("long", "seconds=10") != first
    assert mido.MidiFile(file=io.BytesIO(first)).length == pytest.approx(1.5 + 4)
    given = roll_of_midi(first, 0.5, TimeUnit.BEATS)[:6]
    assert given.sum(1).tolist() == [1] * 6, "six frames of a scale"
    keys = given.argmax(1) - 30
    assert torch.equal(keys, (keys[0] + torch.arange(6)) % 12)


def test_what_cannot_be_sampled_from_is_named(command, training, tmp_path):
    def refused(*arguments: str) -> str:
        options = (f"run={training}", f"out={tmp_path}/no.mid", *arguments)
        code, err = command(*options)
        assert (code, err.count("\n")) == (2, 1), err
        assert not (tmp_path / "no.mid").exists()
        return err

    assert "found no config.yaml, cell.txt, model.safetensors" in refused(f"run={tmp_path}")
    assert "piece: expected at most 0, the last test piece of midi, got 7" in refused("piece=7")
    assert "seconds: expected more than 0, got 0.0" in refused("seconds=0")
    assert "expected a file .mid, got .wav" in refused(f"out={tmp_path}/no.wav")
    foreign = tmp_path / "foreign"
    shutil.copytree(training, foreign)
    config = OmegaConf.load(foreign / "config.yaml")
    config.task.corpus._target_ = "os.system"
    OmegaConf.save(config, foreign / "config.yaml")
    assert "expected classes of archsearch, got 'os.system'" in refused(f"run={foreign}")
