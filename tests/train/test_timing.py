"""What a training would take, and what the machine gives it."""

import random
from functools import partial
from pathlib import Path

import pytest
import torch
from toy_images import bar_corpus

from archsearch.architecture import read_conv
from archsearch.cell import zoo
from archsearch.data import ParallelFiles
from archsearch.data.piano_rolls import RollCorpus
from archsearch.nn import ConvolutionalNetwork, EncoderDecoder, FrameModel
from archsearch.train import (
    Budget,
    ImageTask,
    MusicTask,
    Recipe,
    TooManyParameters,
    TranslationTask,
    count_parameters,
    timing,
)
from archsearch.train.resources import resources_line
from archsearch.train.timing import Pace, TimedTraining, time_training


@pytest.fixture(autouse=True)
def briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "TRAIN_SECONDS", 0.02)
    monkeypatch.setattr(timing, "VALID_SECONDS", 0.02)


def test_a_training_is_what_is_fixed_and_all_batches_of_all_epochs() -> None:
    timed = TimedTraining(7, 1.5, train=Pace(0.1, 4, 50), valid=Pace(0.2, 2, 5))
    assert timed.seconds(3) == pytest.approx(1.5 + 3 * (0.1 * 50 + 0.2 * 5))


def test_a_language_models_batches_are_all_counted(task, model, budget, adam) -> None:
    small = budget(epochs=5, max_seconds=1e-9)  # a limit is one for whole trainings
    timed = time_training(Recipe(task, model, small, adam), zoo["lstm"], 1)
    assert timed.num_params == count_parameters(Recipe(task, model, small, adam), zoo["lstm"])
    assert timed.train.per_epoch == -(-(2000 // 8 - 1) // 25)
    assert timed.valid.per_epoch == -(-(400 // 8 - 1) // 25)
    for pace in (timed.train, timed.valid):
        assert 0 < pace.num_timed <= pace.per_epoch
        assert pace.seconds > 0


def test_over_the_limit_of_parameters_it_fails_as_a_training_does(
    task, model, budget, adam
) -> None:
    with pytest.raises(TooManyParameters):
        time_training(Recipe(task, model, budget(max_params=10), adam), zoo["lstm"], 1)


def test_a_part_of_the_translations_is_enough(tmp_path: Path, adam) -> None:
    rng, files = random.Random(1), {}
    for split in ("train", "valid", "test"):
        lines = [" ".join(rng.choices("abcdefgh", k=rng.randint(2, 4))) for _ in range(200)]
        files[split] = [str(tmp_path / f"{split}.{side}") for side in "ab"]
        for path in files[split]:
            Path(path).write_text("\n".join(lines) + "\n")
    toy = TranslationTask("toy", ParallelFiles("toy", **files), beam_size=2)
    small = Budget("t", 1, 2, num_layers=1, hidden_size=16, unroll_steps=1)
    timed = time_training(Recipe(toy, partial(EncoderDecoder), small, adam), zoo["gru"], 1)
    assert 0 < timed.valid.num_timed <= timed.valid.per_epoch
    assert timed.valid.per_epoch >= 100


def test_pieces_of_music_are_not_torn_apart(budget, adam) -> None:
    """Side by side are as many as are left, and a state is that of so many."""
    rolls = {
        split: tuple(torch.ones(length, 88, dtype=torch.uint8) for length in range(20, 41))
        for split in ("train", "valid", "test")
    }
    pieces = MusicTask("toy", lambda: RollCorpus("toy", 0.1, **rolls))
    timed = time_training(Recipe(pieces, partial(FrameModel), budget(), adam), zoo["lstm"], 1)
    assert timed.train.per_epoch == timed.valid.per_epoch == 2 + 2 * 2
    assert timed.train.num_timed > 0


def test_images_are_timed_too(adam) -> None:
    network = read_conv("conv 3x3x6 <- image")
    images = ImageTask("bars", bar_corpus)
    model = partial(ConvolutionalNetwork)
    timed = time_training(Recipe(images, model, Budget("t", 2, 20), adam), network, 1)
    assert timed.train.num_timed > 0
    assert "plain PyTorch (convolutional" in resources_line(
        Recipe(images, model, adam, adam), threads=1
    )


def test_a_run_says_what_it_uses_and_why(
    task, model, adam, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = resources_line(Recipe(task, model, adam, adam), threads=1, workers=2)
    assert line.startswith("2 workers × 1 thread on ")
    assert ", float32, compiled kernels (" in line
    monkeypatch.setenv("CC", "no-such-compiler")
    line = resources_line(Recipe(task, model, adam, adam), threads=2)
    assert line.startswith("2 threads on ")
    assert "plain PyTorch (no C compiler: looked on PATH for 'no-such-compiler'" in line
    plain = partial(model, backend="plain")
    assert resources_line(Recipe(task, plain, adam, adam), threads=1).endswith(
        "(as model.backend says)"
    )
