"""`python -m archsearch.sample`, after trainings on MIDI files, a text, and sentence pairs."""

import functools
import io
import json
import shutil
import sys
from collections.abc import Callable
from contextlib import redirect_stderr
from pathlib import Path

import mido
import pytest
import torch
from omegaconf import OmegaConf

from archsearch import sample
from archsearch.data.midi_rolls import TimeUnit, midi_of_roll, roll_of_midi
from archsearch.export import __main__ as export
from archsearch.train import __main__ as train

FRAME_SECONDS = 0.25  # of a step of half a quarter note


@pytest.fixture
def printed(monkeypatch, capfd):
    """Runs it in this process: gives exit code, and what it printed on stdout and stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()  # of the trainings that came before
        monkeypatch.setattr(sys, "argv", ["archsearch.sample", *arguments])
        try:
            sample.main()
        except SystemExit as exit_:
            return exit_.code, *capfd.readouterr()
        return 0, *capfd.readouterr()

    return run


@pytest.fixture
def command(printed):
    """The same without stdout."""

    def run(*arguments: str) -> tuple[int, str]:
        code, _, err = printed(*arguments)
        return code, err

    return run


def trained(folder: Path, *arguments: str) -> Path:
    """The directory of a training."""
    options = ("cell=zoo/gru", "budget.hidden_size=8", f"output_root={folder}/out", *arguments)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["archsearch.train", *options])
        train.main()
    (run,) = (folder / "out").iterdir()
    return run


@pytest.fixture(scope="module")
def music(tmp_path_factory) -> Path:
    """The directory of one on ten pieces of 20 frames, and a file that is none."""
    folder = tmp_path_factory.mktemp("music")
    for i in range(10):
        roll = torch.zeros(20, 88, dtype=torch.uint8)
        roll[torch.arange(20), (torch.arange(20) + i) % 12 + 30] = 1
        (folder / f"{i}.mid").write_bytes(midi_of_roll(roll, FRAME_SECONDS))
    (folder / "broken.mid").write_bytes(b"MThd and no more")
    arguments = (f"task.corpus.source={folder}", "task.corpus.time_step=0.5", "budget.epochs=2")
    with redirect_stderr(io.StringIO()) as errors:
        run = trained(folder, "task=midi", *arguments)
    (line,) = errors.getvalue().splitlines()
    assert "skipped 1 of 11 MIDI files" in line
    assert "broken.mid" in line
    return run


WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight")
LEVELS = {"word": (), "character": (), "sentencepiece": ("task.corpus.num_pieces=40",)}


@pytest.fixture(scope="module")
def text_of(tmp_path_factory) -> Callable[[str], Path]:
    """The directory of a training on a text of eight words, by level."""

    @functools.cache
    def train_level(level: str) -> Path:
        folder = tmp_path_factory.mktemp(level)
        lines = (" ".join(WORDS[i % 5 : i % 5 + 4]) for i in range(200))
        (folder / "my.txt").write_text("\n".join(lines))
        options = (f"data.train={folder}/my.txt", f"task.corpus.level={level}", *LEVELS[level])
        return trained(folder, "task=text", "budget=smoke", *options)

    return train_level


@pytest.fixture(scope="module")
def text(text_of) -> Path:
    """That of characters."""
    return text_of("character")


@pytest.fixture(scope="module")
def translation(tmp_path_factory) -> Path:
    """The directory of a training on sentences whose words are to be said in capitals."""
    folder = tmp_path_factory.mktemp("pairs")
    sentences = ["a b", "b c d", "c", "d a a b"] * 8
    (folder / "s").write_text("\n".join(sentences))
    (folder / "t").write_text("\n".join(sentences).upper())
    files = f"[{folder}/s,{folder}/t]"
    splits = [f"task.text.{split}={files}" for split in ("train", "valid", "test")]
    return trained(folder, "task=parallel", "budget=smoke", "budget.epochs=1", *splits)


def test_the_result_has_f1_as_its_metric_and_all_measures(music):
    result = json.loads((music / "result.json").read_text())
    assert result["metric"] == "F1"
    measures = {"nll", "nll of pieces", "precision", "recall", "accuracy"}
    assert set(result["test_measures"]) == measures


def test_a_continuation_of_a_test_piece_is_written(command, music, tmp_path):
    def new(name: str, *arguments: str) -> bytes:
        options = (f"run={music}", f"out={tmp_path}/new/{name}.mid", "seconds=4", *arguments)
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


def test_what_cannot_be_sampled_from_is_named(command, music, tmp_path):
    def refused(*arguments: str) -> str:
        options = (f"run={music}", f"out={tmp_path}/no.mid", *arguments)
        code, err = command(*options)
        assert (code, err.count("\n")) == (2, 1), err
        assert not (tmp_path / "no.mid").exists()
        return err

    assert "found no config.yaml, cell.txt, model.safetensors" in refused(f"run={tmp_path}")
    assert "piece: expected at most 0, the last test piece of midi, got 7" in refused("piece=7")
    assert "seconds: expected more than 0, got 0.0" in refused("seconds=0")
    assert "expected a file .mid, got .wav" in refused(f"out={tmp_path}/no.wav")
    foreign = tmp_path / "foreign"
    shutil.copytree(music, foreign)
    config = OmegaConf.load(foreign / "config.yaml")
    config.task.corpus._target_ = "os.system"
    OmegaConf.save(config, foreign / "config.yaml")
    assert "expected classes of archsearch, got 'os.system'" in refused(f"run={foreign}")


@pytest.mark.parametrize("level", LEVELS)
def test_text_goes_on_from_a_prompt(printed, text_of, level):
    code, out, err = printed(f"run={text_of(level)}", "length=12", "prompt=one two")
    assert (code, err) == (0, "")
    assert out.startswith("one two")
    assert out.endswith("\n")
    assert "<" not in out, "neither <unk> nor <eos>"
    if level == "word":
        assert len(out.split()) <= 2 + 12
        assert set(out.split()) <= {*WORDS}


def test_what_is_drawn_depends_on_seed_and_temperature(printed, text):
    def new(*arguments: str) -> str:
        code, out, err = printed(f"run={text}", "length=30", *arguments)
        assert (code, err) == (0, "")
        return out

    free = new()
    assert len(free) == 30 + 1, "the line end before it is not said"
    assert new("seed=2") != free
    assert new("temperature=0") == new("temperature=0", "seed=2")


def test_a_prompt_may_be_any_text(printed, text):
    hostile = 't\'w\\o, {x}=["1"] \\'
    code, out, err = printed(f"run={text}", "length=1", f"prompt={hostile}")
    assert (code, err.count("\n")) == (0, 1)
    assert "in the prompt" in err
    assert 'such as "\'"' in err
    assert out.startswith("t<unk>w<unk>o<unk> <unk>x<unk>")


def test_lines_are_translated(printed, translation, tmp_path, monkeypatch):
    sentences = "a b\n\nd unheard c\n"
    (tmp_path / "in").write_text(sentences)
    code, out, err = printed(f"run={translation}", f"input={tmp_path}/in")
    assert (code, err) == (0, "")
    assert out.count("\n") == 3
    assert out.split("\n")[1] == ""
    assert set(out.split()) <= {"A", "B", "C", "D"}
    for content in (sentences.encode(), sentences.replace("a b", "a\u2028b").encode("utf-16")):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        assert printed(f"run={translation}")[1] == out
    greedy = printed(
        f"run={translation}", f"input={tmp_path}/in", f"out={tmp_path}/t", "beam_size=1"
    )
    assert (greedy[0], (tmp_path / "t").read_text().count("\n")) == (0, 3)


def test_what_was_exported_says_the_same(printed, translation, text, tmp_path, monkeypatch, capfd):
    (tmp_path / "in").write_text("a b c\n")
    for run, options in ((text, ["length=9"]), (translation, [f"input={tmp_path}/in"])):
        folder = tmp_path / run.name
        monkeypatch.setattr(sys, "argv", ["archsearch.export", str(run), "--out", str(folder)])
        export.main()
        expected = printed(f"run={run}", *options)
        assert printed(f"run={folder}", *options) == expected
        assert expected[0] == 0


def test_options_of_another_task_are_refused(command, text, translation):
    for run, option, known in (
        (text, "seconds=3", "length, prompt, temperature"),
        (translation, "prompt=a", "input, beam_size"),
    ):
        code, err = command(f"run={run}", option)
        assert (code, err.count("\n")) == (2, 1)
        key = option.partition("=")[0]
        assert f"{key}: means nothing to this run, whose task takes {known}" in err
