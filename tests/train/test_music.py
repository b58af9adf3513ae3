"""The task of music: what is counted, and where padding, cuts and the threshold play no part."""

import pickle
from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from archsearch.cell import zoo
from archsearch.data import load_polyphonic
from archsearch.data.piano_rolls import RollCorpus
from archsearch.nn import FrameModel, LanguageModel
from archsearch.nn.frame_model import frame_nll
from archsearch.train import Adam, MusicTask, NtAsgd, Recipe, Training, fit, metric_on_test
from archsearch.train.note_scores import NoteCounts

LENGTHS = {"train": [30, 9, 17, 2, 25, 1], "valid": [12, 5, 20], "test": [8, 16]}


def scale(length: int, start: int) -> Tensor:
    """Two keys that climb one after the other: all but the first frame can be known."""
    roll = torch.zeros(length, 88, dtype=torch.uint8)
    steps = torch.arange(length)
    roll[steps, (start + steps) % 12 + 30] = 1
    roll[steps, (start + steps) % 12 + 50] = 1
    return roll


def corpus() -> RollCorpus:
    splits = {
        split: tuple(scale(length, start=i) for i, length in enumerate(lengths))
        for split, lengths in LENGTHS.items()
    }
    return RollCorpus("scales", 0.1, **splits)


@pytest.fixture
def model() -> partial[FrameModel]:
    return partial(FrameModel, forget_bias=1.0)


def module_of(budget, model, training, metric="F1"):
    task = MusicTask("scales", corpus, metric)
    generator = torch.Generator().manual_seed(1)
    network = task.network(zoo["lstm"], budget, model, generator)
    return task.module(network, budget, training, generator)


def evaluated(module, batches) -> tuple[float, dict[str, float]]:
    module.eval()
    module.begin()
    with torch.no_grad():
        for batch in batches:
            module.evaluate(batch)
    metric, measures = module.result()
    return metric, dict(measures)


def test_nll_is_the_mean_over_frames_of_all_pieces_each_from_a_zero_state(budget, model, adam):
    module = module_of(budget(), model, adam, metric="nll")
    nll, measures = evaluated(module, module.test_batches())
    nats = []
    for piece in corpus().test:
        features = module.network(piece[:-1, None].float())
        nats.append(frame_nll(module.network.logits(features), piece[1:, None]).sum().item())
    torch.testing.assert_close(nll, sum(nats) / (7 + 15))
    torch.testing.assert_close(measures["nll of pieces"], (nats[0] / 7 + nats[1] / 15) / 2)


@pytest.mark.parametrize(("batch_size", "unroll_steps"), [(1, 1000), (2, 4), (3, 7), (50, 11)])
def test_neither_padding_nor_cuts_change_an_evaluation(
    batch_size, unroll_steps, budget, model, adam
):
    whole = module_of(budget(batch_size=1, unroll_steps=1000), model, adam)
    cut = module_of(budget(batch_size=batch_size, unroll_steps=unroll_steps), model, adam)
    expected = evaluated(whole, whole.valid_batches())
    found = evaluated(cut, cut.valid_batches())
    assert found[0] == expected[0]
    assert found[1] == pytest.approx(expected[1])


def test_padding_does_not_change_the_gradient(budget, model, adam):
    module = module_of(budget(batch_size=6, unroll_steps=1000), model, adam)
    (batch,) = module.train_batches()
    module.step_loss(batch).loss.backward()
    gradients = [weight.grad.clone() for weight in module.network.parameters()]

    alone = module_of(budget(batch_size=1, unroll_steps=1000), model, adam)
    steps = [alone.step_loss(piece) for piece in alone.train_batches()]
    frames = sum(step.size for step in steps)
    sum(step.loss * step.size / frames for step in steps).backward()
    assert frames == module.epoch_size == 29 + 8 + 16 + 1 + 24
    for weight, expected in zip(alone.network.parameters(), gradients, strict=True):
        torch.testing.assert_close(weight.grad, expected)


def test_states_are_carried_within_pieces_and_cut_from_the_graph(budget, model, adam):
    module = module_of(budget(batch_size=3, unroll_steps=10), model, adam)
    seen = []
    forward = module.network.forward
    module.network.forward = lambda x, states: seen.append(states) or forward(x, states)
    batches = module.train_batches()
    assert [batch.begins for batch in batches].count(True) == 2
    for batch in batches:
        module.step_loss(batch)
        assert (seen[-1] is None) == batch.begins
        assert all(v.grad_fn is None for state in module._states for v in state.values())


def test_the_metric_is_that_of_the_best_threshold_which_the_test_keeps(budget, model, adam):
    limits, task = budget(epochs=12), MusicTask("scales", corpus)
    done = fit(Recipe(task, model, limits, adam), zoo["gru"], seed=1)
    threshold = done.module.network.threshold.clone()
    assert threshold != 0.5
    test = metric_on_test(Recipe(task, model, limits, adam), done.module)
    assert done.module.network.threshold == threshold
    measures = done.module.test_measures
    p, r = measures["precision"], measures["recall"]
    assert test == pytest.approx(2 * p * r / (p + r))

    hits = predicted = sounding = 0
    done.module.network.eval()
    for piece in corpus().test:
        logits = done.module.network.logits(done.module.network(piece[:-1, None].float()))
        says, sounds = logits[:, 0].sigmoid() >= threshold, piece[1:] == 1
        hits += int((says & sounds).sum())
        predicted, sounding = predicted + int(says.sum()), sounding + int(sounds.sum())
    assert (p, r) == pytest.approx((hits / predicted, hits / sounding))


def test_what_can_be_learnt_is_learnt(budget, model):
    adam = Training("adam", Adam(lr=3e-2), clip_norm=1.0)
    limits = budget(epochs=40, hidden_size=24, batch_size=3)
    done = fit(Recipe(MusicTask("scales", corpus), model, limits, adam), zoo["gru"], seed=1)
    assert done.metric > 0.95
    assert done.curve[-1].measures["nll"] < 1.0
    fitness = MusicTask("scales", corpus).fitness(done.metric)
    assert fitness == done.metric


def test_a_fitness_is_higher_where_nll_is_lower():
    task = MusicTask("scales", corpus, "nll")
    assert task.lower_is_better
    assert task.fitness(8.0) > task.fitness(9.0)
    assert task.metric(task.fitness(8.0)) == 8.0


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_counts_give_the_scores_of_every_threshold(seed: int):
    generator = torch.Generator().manual_seed(seed)
    p = torch.rand(40, 88, generator=generator)
    sounds = torch.randint(2, (40, 88), generator=generator, dtype=torch.uint8)
    counts = NoteCounts()
    counts.count(p[:7], sounds[:7])
    counts.count(p[7:], sounds[7:])
    by_threshold = {}
    for threshold in (0.01, 0.25, 0.5, 0.99):
        says = p >= threshold
        hits = int((says & (sounds == 1)).sum())
        union = int((says | (sounds == 1)).sum())
        by_threshold[threshold] = 2 * hits / (hits + union)
        assert counts.scores(threshold).f1 == pytest.approx(by_threshold[threshold])
        assert counts.scores(threshold).accuracy == pytest.approx(hits / union)
    best = counts.best_threshold()
    assert counts.scores(best).f1 >= max(by_threshold.values()) - 1e-12


def test_nothing_predicted_scores_nothing_and_numbers_that_are_none_count():
    counts = NoteCounts()
    counts.count(torch.tensor([float("nan"), 0.0]), torch.tensor([1, 1]))
    assert counts.scores(0.5) == (0.0, 0.0, 0.0, 0.0)


def test_a_task_is_cheap_to_send_and_loads_anew(budget):
    task = MusicTask("jsb_chorales", partial(load_polyphonic, "jsb_chorales"))
    assert len(pickle.dumps(task)) < 1000


@pytest.mark.parametrize(
    ("model", "changes", "message"),
    [
        (partial(LanguageModel, tied=True), {}, r"got LanguageModel; try model=frames"),
        (FrameModel, {"vocabulary_size": 9}, r"budget.vocabulary_size: expected null .* got 9"),
        (FrameModel, {"embedding_size": 9}, r"budget.embedding_size: expected null .* got 9"),
    ],
)
def test_what_does_not_fit_is_named(model, changes, message, budget):
    with pytest.raises(ValueError, match=message):
        MusicTask("scales", corpus).network(zoo["rnn"], budget(**changes), model, torch.Generator())


def test_settings_for_text_alone_are_refused(budget, model):
    training = Training("nt_asgd", NtAsgd(lr=1.0), variable_unroll=True)
    with pytest.raises(ValueError, match=r"trainer.variable_unroll: expected False .* got True"):
        module_of(budget(), model, training)
    with pytest.raises(ValueError, match=r"task.metric: expected F1 or nll, got 'bleu'"):
        MusicTask("scales", corpus, "bleu")
