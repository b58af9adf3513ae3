"""Truncated backpropagation through time."""

import torch

from archsearch.cell import zoo


def module_of(task, budget, model, training):
    generator = torch.Generator().manual_seed(1)
    network = task.network(zoo["lstm"], budget, model, generator)
    module = task.module(network, budget, training, generator)
    optimizer = module.configure_optimizers()
    module.optimizers = lambda **_: optimizer
    module.on_fit_start()
    module.on_train_epoch_start()
    return module, [segment for stretch in module.train_dataloader() for segment in stretch]


def test_states_are_carried_over_segments_and_cut_from_the_graph(task, budget, model, adam):
    module, segments = module_of(task, budget(), model, adam)
    seen = []
    forward = module.network.forward
    module.network.forward = lambda inputs, states: seen.append(states) or forward(inputs, states)

    before = [p.detach().clone() for p in module.network.parameters()]
    module.training_step([segments[0]])
    carried = module._states
    assert seen == [None], "an epoch starts from zeros"
    for p, value in zip(module.network.parameters(), before, strict=True):
        p.data.copy_(value)
    expected = module.network(segments[0].inputs, None).states
    for name, value in carried[0].items():
        assert value.grad_fn is None
        torch.testing.assert_close(value, expected[0][name].detach())

    module.training_step([segments[1]])
    assert seen[-1] is carried
    module.on_train_epoch_start()
    module.training_step([segments[0]])
    assert seen[-1] is None


def test_perplexity_is_that_of_the_whole_stream_however_it_is_cut(task, budget, model, adam):
    perplexities = []
    for unroll_steps in (7, 25, 1000):
        limits = budget(unroll_steps=unroll_steps, batch_size=4)
        module, _ = module_of(task, limits, model, adam)
        module._count(torch.tensor(1.0), 1)  # a training loss
        module.eval()
        module.on_validation_epoch_start()
        with torch.no_grad():
            for stretch in module.val_dataloader():
                module.validation_step(stretch)
        module.on_validation_epoch_end()
        perplexities.append(module.metrics[0])
    assert max(perplexities) - min(perplexities) < 1e-4 * perplexities[0]


def test_the_gradient_is_clipped_to_the_norm(task, budget, model, adam):
    module, segments = module_of(task, budget(), model, adam)
    module.training_step([segments[0]])
    norm = torch.cat([p.grad.flatten() for p in module.network.parameters()]).norm()
    assert norm <= 1.0 + 1e-5
