"""The adaptive softmax against its definition, and torch's own."""

import pytest
import torch
from safetensors.torch import load, save
from torch import Tensor

from archsearch.nn import AdaptiveSoftmax

WIDTH, WORDS, CUTOFFS = 16, 40, (10, 25)


def build(seed: int = 1) -> AdaptiveSoftmax:
    head = AdaptiveSoftmax(WIDTH, WORDS, CUTOFFS).double()
    draws = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.uniform_(-1.0, 1.0, generator=draws)
    return head


def features(n: int) -> Tensor:
    draws = torch.Generator().manual_seed(n)
    return torch.randn(n, WIDTH, dtype=torch.float64, generator=draws)


def test_probabilities_of_all_words_sum_to_one():
    head, (row,) = build(), features(1)
    losses = [head(row[None], torch.tensor([word])) for word in range(WORDS)]
    torch.testing.assert_close(torch.stack(losses).neg().exp().sum().item(), 1.0)


def test_loss_and_gradients_are_those_of_torchs_adaptive_softmax():
    head = build()
    oracle = torch.nn.AdaptiveLogSoftmaxWithLoss(WIDTH, WORDS, list(CUTOFFS), head_bias=True)
    oracle.double()
    with torch.no_grad():
        oracle.head.weight.copy_(head.head_weight)
        oracle.head.bias.copy_(head.head_bias)
        for i, tail in enumerate(oracle.tail):
            tail[0].weight.copy_(head.projections[i])
            tail[1].weight.copy_(head.cluster_weights[i])
            head.cluster_biases[i].zero_()  # the oracle has none
    x, targets = features(200), torch.arange(200) % WORDS
    ours, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    loss, expected = head(ours, targets), oracle(theirs, targets).loss
    torch.testing.assert_close(loss, expected)
    loss.backward()
    expected.backward()
    torch.testing.assert_close(ours.grad, theirs.grad)
    torch.testing.assert_close(head.head_weight.grad, oracle.head.weight.grad)
    torch.testing.assert_close(head.cluster_weights[1].grad, oracle.tail[1][1].weight.grad)
    torch.testing.assert_close(head.projections[0].grad, oracle.tail[0][0].weight.grad)


def test_numerical_gradients():
    head, x, targets = build(), features(6).requires_grad_(), torch.tensor([0, 9, 10, 24, 25, 39])
    torch.autograd.gradcheck(lambda x, *_: head(x, targets), (x, *head.parameters()))


def test_rare_words_cost_nothing_where_none_occur():
    head = build()
    head(features(3), torch.tensor([0, 5, 9])).backward()
    assert head.cluster_weights[0].grad is None
    head(features(3), torch.tensor([0, 5, 10])).backward()
    assert head.cluster_weights[0].grad is not None
    assert head.cluster_weights[1].grad is None


def test_weights_survive_safetensors():
    saved, other = build(), build(seed=2)
    other.load_state_dict(load(save(saved.state_dict())))
    targets = torch.arange(WORDS)
    assert other(features(WORDS), targets) == saved(features(WORDS), targets)


def test_bfloat16_is_near():
    head, x, targets = build().float(), features(WORDS).float(), torch.arange(WORDS)
    with torch.autocast("cpu", torch.bfloat16):
        loss = head(x, targets)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, head(x, targets), rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("cutoffs", [[], [0, 10], [10, 10], [20, 10], [10, WORDS]])
def test_impossible_cutoffs_are_refused(cutoffs):
    with pytest.raises(ValueError, match=r"expected rising numbers from 1 to 39.*got \["):
        AdaptiveSoftmax(WIDTH, WORDS, cutoffs)


@pytest.mark.parametrize("target", [-1, WORDS])
def test_a_target_out_of_range_is_an_error(target):
    with pytest.raises(IndexError, match=f"expected 0 to {WORDS - 1}, got .*{target}"):
        build()(features(2), torch.tensor([3, target]))
