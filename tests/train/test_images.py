"""Convolutional networks on images: what they learn, what counts, what repeats, what is refused."""

import math
import pickle
import sys
from functools import partial
from pathlib import Path

import pytest
import torch
from pytorch_lightning import Callback
from toy_images import bar_corpus

from archsearch.architecture import read_conv
from archsearch.cell import zoo
from archsearch.data import DataError
from archsearch.nn import ConvolutionalNetwork, LanguageModel
from archsearch.train import (
    Budget,
    Diverged,
    ImageTask,
    NesterovCosine,
    Recipe,
    StepTimer,
    Training,
    fit,
    metric_on_test,
)
from archsearch.train.epochs import BEST, LAST, SaveEpochs
from archsearch.train.training import Precision

NETWORK = read_conv("conv 3x3x6 <- image; max_pool 2x2 /2 <- 0; 3x3x6 <- 0, 1")
NESTEROV = Training("nesterov", NesterovCosine(0.1, weight_decay=1e-4, final_lr=0.0))
MODEL = partial(ConvolutionalNetwork)


def budget(**changes) -> Budget:
    return Budget("test", **{"epochs": 6, "batch_size": 20, **changes})


@pytest.fixture(scope="module")
def bars() -> ImageTask:
    return ImageTask("bars", bar_corpus, upsampled_size=14)


def figures(done):
    """A fit without its times."""
    return [(e.train_loss, e.valid_metric, dict(e.measures)) for e in done.curve]


def test_learns_where_bars_lie_and_tests_all_images(bars):
    done = fit(Recipe(bars, MODEL, budget(), NESTEROV), NETWORK, seed=1)
    assert done.metric > 0.95
    assert done.curve[-1].measures["cross entropy"] < 0.3
    assert done.curve[-1].train_loss < done.curve[0].train_loss
    accuracy = metric_on_test(Recipe(bars, MODEL, budget(), NESTEROV), done.module)
    assert accuracy > 0.9
    assert (accuracy * 41) == pytest.approx(round(accuracy * 41)), "of the 41, a whole number"
    assert bars.notes == {"images": "drawn"}


def test_the_best_of_the_last_epochs_counts_as_an_accuracy(bars):
    assert bars.result([0.9, 0.2, 0.5, 0.3, 0.4, 0.1]) == 0.5
    assert ImageTask("t", bar_corpus, last_epochs=1).result([0.9, 0.2]) == 0.2
    assert bars.result([0.3]) == bars.fitness(0.3) == bars.metric(0.3) == 0.3
    assert not bars.lower_is_better


def test_an_epoch_has_whole_batches_of_other_images_each_time(bars):
    generator = torch.Generator().manual_seed(1)
    network = bars.network(NETWORK, budget(), MODEL, generator)
    module = bars.module(network, budget(), NESTEROV, generator)
    batches = module.train_batches()
    assert [len(batch.labels) for batch in batches] == [20] * 10
    assert module.epoch_size == 200
    again = module.train_batches()
    assert all(torch.equal(a.images, b.images) for a, b in zip(batches, again, strict=True))
    module.curve.append(None)
    assert not torch.equal(module.train_batches()[0].images, batches[0].images)
    limited = budget(max_train_symbols=60, max_valid_symbols=30)
    module = bars.module(network, limited, NESTEROV, generator)
    assert module.epoch_size == 60
    assert sum(len(batch.labels) for batch in module.valid_batches()) == 30


class InterruptAfter(Callback):
    def on_train_epoch_start(self, trainer, pl_module) -> None:
        if trainer.current_epoch == 2:
            raise RuntimeError("killed")


def test_a_resumed_training_equals_an_uninterrupted_one_and_keeps_statistics(bars, tmp_path):
    arguments = (Recipe(bars, MODEL, budget(epochs=4), NESTEROV), NETWORK, 1)
    before = torch.get_rng_state()
    whole = fit(*arguments)
    assert torch.equal(torch.get_rng_state(), before)
    with pytest.raises(RuntimeError, match="killed"):
        fit(*arguments, callbacks=[SaveEpochs(tmp_path), InterruptAfter()])
    copy = pickle.loads(pickle.dumps(arguments))
    resumed = fit(*copy, callbacks=[SaveEpochs(tmp_path)], checkpoint=tmp_path / LAST)
    assert figures(resumed) == figures(whole)
    weights = whole.module.validated_weights()
    for name, value in resumed.module.validated_weights().items():
        torch.testing.assert_close(value, weights[name], rtol=0, atol=0)
    assert weights["layers.0.norm.running_var"].max() > 0
    assert (weights["layers.0.norm.running_mean"] != 0).any()
    assert (tmp_path / BEST).exists()


def test_a_network_that_is_not_a_number_has_diverged(bars):
    """Only in the statistics, which training does not read."""

    class Spoils(Callback):
        def on_validation_start(self, trainer, pl_module) -> None:
            pl_module.module.network.layers[0].norm.running_var.fill_(math.nan)

    with pytest.raises(Diverged, match="cross entropy is nan"):
        fit(Recipe(bars, MODEL, budget(), NESTEROV), NETWORK, seed=1, callbacks=[Spoils()])


@pytest.mark.parametrize(
    ("cell", "model", "message"),
    [
        (zoo["lstm"], MODEL, r"task=bars: expected a convolutional network .* got a Cell"),
        (NETWORK, partial(LanguageModel, tied=True), "try model=convolutional"),
    ],
)
def test_what_does_not_fit_is_named(bars, cell, model, message):
    with pytest.raises(ValueError, match=message):
        bars.network(cell, budget(), model, torch.Generator())


def test_recurrent_networks_need_the_sizes_that_budgets_of_images_leave_open(task, model):
    with pytest.raises(ValueError, match=r"budget\.num_layers: recurrent networks need it"):
        task.network(zoo["rnn"], budget(), model, torch.Generator())


@pytest.mark.parametrize("batch_size", [1, 204])
def test_batches_that_cannot_be_cut_are_named(bars, batch_size):
    with pytest.raises(DataError, match=f"from 2, .* to the 203 images .* got {batch_size}"):
        bars.load(budget(batch_size=batch_size))


def test_steps_are_timed_with_a_network_of_images(bars):
    timer = StepTimer(Recipe(bars, MODEL, budget(), NESTEROV), threads=1)
    assert all(timer(precision) > 0 for precision in (Precision.FLOAT32, Precision.BFLOAT16))


@pytest.mark.slow
def test_a_search_runs_beside_its_reference(tmp_path, monkeypatch, capsys):
    """Of the NAS space, on the JPEG images."""
    from archsearch.__main__ import main
    from archsearch.data import data_root
    from archsearch.data.cifar10_reduced import JPEG_FILE

    if not (data_root() / JPEG_FILE.path).is_file():
        pytest.skip(f"no {JPEG_FILE.path} under ARCHSEARCH_DATA")
    monkeypatch.chdir(tmp_path)
    arguments = ["search=nas_controller_conv", "task=cifar10_reduced", "budget=images_smoke"]
    arguments += ["trials=2", "executor=serial", "logger=none"]
    monkeypatch.setattr(sys, "argv", ["archsearch", *arguments])
    main()
    printed = capsys.readouterr().out
    assert "plain" in printed
    (board,) = Path("outputs").glob("*/leaderboard.csv")
    assert len(board.read_text().splitlines()) == 1 + 3
