"""Training: what it learns, what it repeats exactly, and how it fails."""

import json
import math
import os
import pickle
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial

import pytest
import torch
from pytorch_lightning import Callback

from archsearch.cell import parse, zoo
from archsearch.data.text import word_corpus
from archsearch.nn import LanguageModel
from archsearch.train import (
    Adam,
    Budget,
    Diverged,
    LanguageTask,
    NtAsgd,
    Recipe,
    SgdDecay,
    TimeLimit,
    TooManyParameters,
    Training,
    count_parameters,
    fit,
    metric_on_test,
)
from archsearch.train.descent import WeightAverage
from archsearch.train.epochs import LAST, SaveEpochs
from archsearch.train.metrics import perplexity_limit

LSTM = zoo["lstm"]
DROPOUTS = {"word_dropout": 0.1, "hidden_dropout": 0.2, "recurrent_dropout": 0.2}


def figures(done):
    """A fit without its times."""
    return [(epoch.train_loss, epoch.valid_metric) for epoch in done.curve]


class AveragesAtOnce(NtAsgd):
    """NT-ASGD whose criterion holds after the first epoch."""

    def averages(self, metrics) -> bool:
        return len(metrics) >= 1


class InterruptAfter(Callback):
    def __init__(self, epoch: int, error: BaseException) -> None:
        self.epoch, self.error = epoch, error

    def on_train_epoch_start(self, trainer, pl_module) -> None:
        if trainer.current_epoch == self.epoch:
            raise self.error


def test_overfits_a_text_that_repeats(model):
    text = "the cat sat on the mat and looked at the moon\n"
    corpus = word_corpus("toy", text * 40, text * 10, text * 10)
    task = LanguageTask("toy", lambda: corpus)
    budget = Budget("toy", epochs=12, num_layers=2, hidden_size=24, batch_size=4, unroll_steps=11)
    training = Training("adam", Adam(lr=2e-2, final_lr=0.0), clip_norm=1.0)
    done = fit(Recipe(task, model, budget, training), LSTM, seed=1)
    assert done.metric < 1.2
    assert done.metric == done.curve[-1].valid_metric
    assert (
        metric_on_test(Recipe(task, model, budget, training), done.module) < 1.3
    )  # one stream: "the" is new
    assert task.fitness(done.metric) == -math.log(done.metric)


def test_same_seed_same_curve_in_a_fresh_process_and_no_global_generator_touched(
    task, budget, adam
):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    model = partial(LanguageModel, tied=True, **DROPOUTS)
    recipe = Recipe(task, model, budget(), adam)
    here = [figures(fit(recipe, LSTM, seed)) for seed in (1, 1, 2)]
    assert here[0] == here[1] != here[2]
    assert torch.equal(torch.get_rng_state(), before)

    program = (
        "import pickle, sys, json, torch; torch.set_num_threads(1)\n"
        "from archsearch.cell import zoo; from archsearch.train import fit\n"
        "done = fit(pickle.load(sys.stdin.buffer), zoo['lstm'], 1)\n"
        "print(json.dumps([(e.train_loss, e.valid_metric) for e in done.curve]))"
    )
    there = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        input=pickle.dumps(recipe), capture_output=True, check=True,
    )  # fmt: skip
    assert [tuple(point) for point in json.loads(there.stdout)] == here[0]
    assert there.stderr == b"", "Lightning is silent"


def test_nothing_is_printed(task, budget, adam, model, capfd):
    fit(Recipe(task, model, budget(epochs=1), adam), LSTM, seed=1)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "schedule", [Adam(lr=1e-2, final_lr=0.0), AveragesAtOnce(1.0)], ids=["adam", "nt_asgd"]
)
def test_a_resumed_training_equals_an_uninterrupted_one(task, budget, tmp_path, schedule):
    training = Training("t", schedule, clip_norm=0.25, variable_unroll=True)
    model = partial(LanguageModel, tied=True, **DROPOUTS)
    arguments = (Recipe(task, model, budget(epochs=4), training), LSTM, 1)
    whole = fit(*arguments)
    stop = InterruptAfter(2, RuntimeError("killed"))
    with pytest.raises(RuntimeError, match="killed"):
        fit(*arguments, callbacks=[SaveEpochs(tmp_path), stop])
    resumed = fit(*arguments, callbacks=[SaveEpochs(tmp_path)], checkpoint=tmp_path / LAST)
    assert figures(resumed) == figures(whole)
    for name, value in whole.module.validated_weights().items():
        assert torch.equal(resumed.module.validated_weights()[name], value), name
    assert resumed.curve[0].wall_seconds < resumed.curve[3].wall_seconds


def test_nt_asgd_validates_the_mean_of_the_weights_since_it_began(task, budget, model, monkeypatch):
    steps = []
    update = WeightAverage.update

    def recorded(average):
        steps.append(average._averaged[0].detach().clone())
        update(average)

    monkeypatch.setattr(WeightAverage, "update", recorded)
    training = Training("nt_asgd", AveragesAtOnce(1.0), clip_norm=0.25)
    module = fit(Recipe(task, model, budget(epochs=3), training), LSTM, 1).module
    assert len(steps) == 2 * 10, "segments of the second and the third epoch"
    expected = torch.stack(steps).mean(0)
    torch.testing.assert_close(module.validated_weights()["embedding"], expected)
    assert torch.equal(module.network.embedding, steps[-1]), "training goes on unaveraged"

    module.network.load_state_dict(module.validated_weights())
    module.average = None
    module.eval()
    module.begin_validation()
    with torch.no_grad():
        for batch in module.valid_batches():
            module.evaluate(batch)
    module.end_validation()
    assert module.metrics[3] == module.metrics[2]


def test_sum_over_steps_is_the_mean_with_rate_and_norm_scaled(task, budget, model):
    """Zaremba et al.: rate 1 and norm 5 of the sum over 20 steps are rate 20 and norm 0.25."""
    curves = []
    for loss, scale in (("sum_over_steps", 1), ("mean", 20)):
        schedule = SgdDecay(1.0 * scale, constant_epochs=1, decay=0.5)
        training = Training("t", schedule, loss=loss, clip_norm=5.0 / scale)
        limits = budget(unroll_steps=20, max_train_symbols=8 * 41)  # whole segments
        curves.append(figures(fit(Recipe(task, model, limits, training), LSTM, 1)))
    torch.testing.assert_close(torch.tensor(curves[0]), torch.tensor(curves[1]))


def test_a_cell_that_explodes_has_diverged(task, budget, model, adam):
    explosive = parse("a = Add(Linear(x_t, h_tm1), Add(h_tm1, h_tm1)); h_t = Mult(a, a)")
    with pytest.raises(Diverged, match=r"is (nan|inf) \(epoch 1, step \d+\)") as caught:
        fit(Recipe(task, model, budget(), adam), explosive, seed=1)
    assert caught.value.curve == ()
    assert caught.value.num_params == count_parameters(
        Recipe(task, model, budget(), adam), explosive
    )


def test_a_perplexity_over_the_tasks_limit_has_diverged(task, budget, model, adam):
    strict = LanguageTask("xml", task._load_corpus, max_perplexity=2.0)
    with pytest.raises(Diverged, match=r"validation perplexity .* over 2 \(epoch 1\)") as caught:
        fit(Recipe(strict, model, budget(), adam), LSTM, seed=1)
    assert len(caught.value.curve) == 1


def test_a_healthy_first_epoch_on_few_words_is_no_divergence(model, adam):
    """It is sure of what training says, and the validation text says the opposite."""
    corpus = word_corpus("toy", "a b " * 2000, "a a b b " * 50, "a b " * 50)
    task = LanguageTask("toy", lambda: corpus)
    budget = Budget("toy", epochs=1, num_layers=1, hidden_size=12, batch_size=8, unroll_steps=10)
    done = fit(Recipe(task, model, budget, adam), LSTM, seed=1)
    assert 2 * len(corpus.vocabulary) < done.metric < 1000
    assert perplexity_limit(10_000) == 20_000


def test_words_that_training_never_shows_do_not_count_in_the_perplexity(model, adam):
    text = "the cat sat on the mat and looked at the moon\n"
    corpus = word_corpus("toy", text * 40, text.replace("moon", "sun") * 10, text * 10)
    task = LanguageTask("toy", lambda: corpus)
    budget = Budget("toy", epochs=12, num_layers=1, hidden_size=24, batch_size=4, unroll_steps=11)
    assert (
        fit(Recipe(task, model, budget, Training("adam", Adam(lr=2e-2))), LSTM, seed=1).metric < 2
    )


def test_time_limit(task, budget, model, adam):
    with pytest.raises(TimeLimit, match=r"over the limit of 0.5 s \(epoch \d+\)") as caught:
        fit(Recipe(task, model, budget(max_seconds=0.5, epochs=10_000), adam), LSTM, seed=1)
    assert f"(epoch {len(caught.value.curve) + 1})" in str(caught.value)


def test_too_many_parameters_are_refused_before_any_memory_is_taken(task, budget, model, adam):
    huge = budget(hidden_size=10**6, max_params=10**9)  # 32 TB of weights
    with pytest.raises(TooManyParameters, match="over the limit of 1,000,000,000"):
        fit(Recipe(task, model, huge, adam), LSTM, seed=1)
    exact = count_parameters(Recipe(task, model, budget(), adam), LSTM)
    assert fit(Recipe(task, model, budget(max_params=exact), adam), LSTM, 1).num_params == exact


def test_keyboard_interrupt_arrives_as_such_and_the_next_one_is_heard(task, budget, model, adam):
    handler = signal.getsignal(signal.SIGINT)
    stop = InterruptAfter(1, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        fit(Recipe(task, model, budget(), adam), LSTM, 1, callbacks=[stop])
    assert signal.getsignal(signal.SIGINT) is handler


def test_a_cluster_job_around_it_does_not_make_it_distributed(
    task, budget, model, adam, monkeypatch
):
    for name, value in {"SLURM_NTASKS": "4", "SLURM_JOB_NAME": "x", "SLURM_PROCID": "2"}.items():
        monkeypatch.setitem(os.environ, name, value)
    assert len(fit(Recipe(task, model, budget(epochs=1), adam), LSTM, 1).curve) == 1


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_without_its_accelerator_a_network_can_be_rebuilt_but_not_trained(task, budget, model):
    training = Training("t", Adam(lr=1e-2), accelerator="cuda")
    recipe = Recipe(task, model, budget(), training)
    network = recipe.network(LSTM, torch.Generator())
    assert all(weight.device.type == "cpu" for weight in network.parameters())
    with pytest.raises(ValueError, match=r"trainer\.accelerator=cuda: this machine has none"):
        recipe.load()


def test_tasks_are_pickled_without_their_data(task, budget):
    task.load(budget())
    assert len(pickle.dumps(task)) < 1000
    assert pickle.loads(pickle.dumps(task)).name == "xml"


@pytest.mark.parametrize("change", [{"epochs": 0}, {"hidden_size": -1}, {"max_seconds": 0}])
def test_impossible_budgets_are_refused(budget, change):
    ((name, value),) = change.items()
    with pytest.raises(ValueError, match=f"budget.{name}: expected a number above 0, got {value}"):
        budget(**change)


def test_a_budget_is_a_value(budget):
    assert replace(budget(), epochs=3) == budget(epochs=3) != budget()
    assert hash(budget()) == hash(budget())
