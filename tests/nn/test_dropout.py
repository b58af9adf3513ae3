"""Shapes: T 7, B 4, F 50."""

import torch

from archsearch.nn import dropout
from archsearch.nn.dropout import embedding_dropout, variational_dropout

RATE = 0.4


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def test_variational_mask_is_constant_along_time_and_differs_over_batch_and_calls():
    ones, draws = torch.ones(7, 4, 50), generator()
    first, second = (variational_dropout(ones, RATE, draws) for _ in range(2))
    assert torch.equal(first, first[:1].expand(7, 4, 50))
    assert not torch.equal(first[0, 0], first[0, 1])
    assert not torch.equal(first, second)


def test_kept_values_are_scaled_so_that_the_mean_stays():
    dropped = variational_dropout(torch.ones(1, 100, 500), RATE, generator())
    assert set(dropped.unique().tolist()) == {0.0, torch.tensor(1 / (1 - RATE)).item()}
    assert abs(dropped.mean().item() - 1.0) < 0.02


def test_plain_dropout_draws_anew_at_every_step():
    dropped = dropout(torch.ones(7, 4, 50), RATE, generator())
    assert not torch.equal(dropped[0], dropped[1])


def test_rate_zero_draws_nothing():
    draws = generator()
    x = torch.ones(7, 4, 50)
    assert variational_dropout(x, 0.0, draws) is x
    assert dropout(x, 0.0, draws) is x
    assert torch.equal(draws.get_state(), generator().get_state())


def test_embedding_dropout_drops_whole_words_wherever_they_occur():
    weight = torch.rand(30, 50) + 1.0
    symbols = torch.randint(30, (20, 8), generator=generator())
    embedded = embedding_dropout(symbols, weight, RATE, generator())
    kept = embedded.abs().sum(-1) > 0
    dropped_words = set(symbols[~kept].tolist())
    assert dropped_words
    assert not dropped_words & set(symbols[kept].tolist())
    torch.testing.assert_close(embedded[kept], weight[symbols[kept]] / (1 - RATE))
