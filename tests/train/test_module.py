"""Truncated backpropagation through time."""

import dataclasses
import math

import pytest
import torch

from archsearch.cell import parse, zoo
from archsearch.data import TokenCorpus
from archsearch.train import LanguageTask, Recipe, fit
from archsearch.train.failures import Diverged


def module_of(task, budget, model, training):
    generator = torch.Generator().manual_seed(1)
    network = task.network(zoo["lstm"], budget, model, generator)
    module = task.module(network, budget, training, generator)
    module.start(training.schedule.optimizer(network.parameters()))
    module.begin_epoch()
    return module, module.train_batches()


def test_states_are_carried_over_segments_and_cut_from_the_graph(task, budget, model, adam):
    module, segments = module_of(task, budget(), model, adam)
    seen = []
    forward = module.network.forward
    module.network.forward = lambda inputs, states: seen.append(states) or forward(inputs, states)

    before = [p.detach().clone() for p in module.network.parameters()]
    module.train_on(segments[0])
    carried = module._states
    assert seen == [None], "an epoch starts from zeros"
    for p, value in zip(module.network.parameters(), before, strict=True):
        p.data.copy_(value)
    expected = module.network(segments[0].inputs, None).states
    for name, value in carried[0].items():
        assert value.grad_fn is None
        torch.testing.assert_close(value, expected[0][name].detach())

    module.train_on(segments[1])
    assert seen[-1] is carried
    module.begin_epoch()
    module.train_on(segments[0])
    assert seen[-1] is None


def test_perplexity_is_that_of_the_whole_stream_however_it_is_cut(task, budget, model, adam):
    perplexities = []
    for unroll_steps in (7, 25, 1000):
        limits = budget(unroll_steps=unroll_steps, batch_size=4)
        module, _ = module_of(task, limits, model, adam)
        module.eval()
        module.begin()
        with torch.no_grad():
            for batch in module.valid_batches():
                module.evaluate(batch)
        perplexities.append(module.result()[0])
    assert max(perplexities) - min(perplexities) < 1e-4 * perplexities[0]


def test_the_gradient_is_clipped_to_the_norm(task, budget, model, adam):
    module, segments = module_of(task, budget(), model, adam)
    module.train_on(segments[0])
    norm = torch.cat([p.grad.flatten() for p in module.network.parameters()]).norm()
    assert norm <= 1.0 + 1e-5


def test_symbols_that_are_only_read_count_neither_in_training_nor_in_evaluation(
    budget, model, adam
) -> None:
    """A random symbol, then a sign, then the symbol again: only the last is to be predicted."""
    torch.manual_seed(0)
    symbols = torch.randint(4, (3000,))
    stream = torch.stack([~symbols, torch.full_like(symbols, ~4), symbols], dim=1).flatten()
    vocabulary = ("a", "b", "c", "d", "=")
    corpus = TokenCorpus("echo", vocabulary, stream, stream[:600], stream[:600], all_scored=False)
    task = LanguageTask("echo", lambda: corpus, "accuracy", ["perplexity"])
    done = fit(Recipe(task, model, budget(epochs=2, hidden_size=16), adam), zoo["gru"], seed=1)
    assert done.metric > 0.99
    last = done.curve[-1]
    assert 1 <= last.measures["perplexity"] < 1.1
    assert last.train_loss < 0.2
    assert task.fitness(0.7) == task.metric(0.7) == 0.7


def test_bits_and_perplexity_are_the_same_fitness(task, budget, model, adam) -> None:
    bits = LanguageTask("bits", task._load_corpus, "bits a symbol", ["perplexity", "accuracy"])
    fits = [fit(Recipe(each, model, budget(), adam), zoo["rnn"], seed=1) for each in (task, bits)]
    plain, in_bits = fits
    assert bits.fitness(in_bits.metric) == pytest.approx(task.fitness(plain.metric))
    assert bits.metric(bits.fitness(2.5)) == pytest.approx(2.5)
    measures = in_bits.curve[-1].measures
    assert measures["perplexity"] == pytest.approx(plain.metric)
    assert 0 < measures["accuracy"] < 1
    with pytest.raises(ValueError, match=r"expected perplexity, bits .*, got 'bleu'"):
        LanguageTask("xml", task._load_corpus, "bleu")


def test_a_step_that_is_not_finite_is_left_out_and_states_begin_again(task, budget, model, adam):
    training = dataclasses.replace(adam, max_skipped_steps=2)
    module, segments = module_of(task, budget(), model, training)
    forward = module.network.forward

    def overflowing(inputs, states):
        features = forward(inputs, states)
        for state in features.states:
            state["h"] = torch.full_like(state["h"], math.inf)
        return features

    module.network.forward = overflowing
    module.train_on(segments[0])
    module.network.forward = forward
    before = [p.detach().clone() for p in module.network.parameters()]
    module.train_on(segments[1])
    for p, value in zip(module.network.parameters(), before, strict=True):
        assert torch.equal(p, value)
    for segment in segments[2:4]:
        module.train_on(segment)
    assert all(bool(p.isfinite().all()) for p in module.network.parameters())
    module.begin_validation()
    with torch.no_grad():
        for batch in module.valid_batches():
            module.evaluate(batch)
    module.end_validation()
    assert math.isfinite(module.curve[0].train_loss)
    assert module.curve[0].measures["skipped steps"] == 1.0


def test_states_that_overflow_begin_again_in_an_evaluation_and_every_symbol_counts(
    task, budget, model, adam
):
    """c_t doubles with every symbol: it is infinite after 128, and h_t is not a number then."""
    doubling = parse(
        "c_t = Add(Add(c_tm1, c_tm1), Sigmoid(Linear(x_t))); h_t = Tanh(Sub(c_t, c_tm1))"
    )
    limits = budget(batch_size=1, unroll_steps=50, epochs=1)
    lenient = dataclasses.replace(adam, max_skipped_steps=2)
    (epoch,) = fit(Recipe(task, model, limits, lenient), doubling, 1).curve
    # 399 symbols are predicted in eight segments, of which each third one overflows.
    assert epoch.measures["restarted states"] == 3
    assert 2 < epoch.valid_metric < 40
    with pytest.raises(Diverged):
        fit(Recipe(task, model, limits, adam), doubling, 1)


@pytest.mark.parametrize("max_skipped_steps", [0, 2])
def test_so_many_steps_in_a_row_are_left_out_and_no_more(
    task, budget, model, adam, max_skipped_steps
):
    training = dataclasses.replace(adam, max_skipped_steps=max_skipped_steps)
    module, segments = module_of(task, budget(), model, training)
    module.train_on(segments[0])
    with torch.no_grad():
        next(module.network.parameters()).fill_(math.nan)
    for segment in segments[1 : 1 + max_skipped_steps]:
        module.train_on(segment)
    with pytest.raises(Diverged, match=f"epoch 1, step {2 + max_skipped_steps}"):
        module.train_on(segments[-1])
