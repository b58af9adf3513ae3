"""A step along a scaled and clipped gradient."""

from functools import partial

import pytest
import torch

from archsearch.train.descent import descend

OPTIMIZERS = {
    "sgd": partial(torch.optim.SGD, lr=0.1, weight_decay=0.01, fused=True),
    "adam": partial(torch.optim.AdamW, lr=0.1, fused=True),
    "one that is not fused": partial(torch.optim.RMSprop, lr=0.1),
}


@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
@pytest.mark.parametrize("max_norm", [1.0, 1000.0, None])
def test_it_is_that_of_the_scaled_loss_clipped_by_torch(make, max_norm):
    start, *targets = torch.randn(4, 40, generator=torch.Generator().manual_seed(1))
    ours, theirs = (torch.nn.Parameter(start.clone()) for _ in range(2))
    our_optimizer, their_optimizer = make([ours]), make([theirs])
    for factor, target in zip((20.0, 20.0, 1.0), targets, strict=True):
        for weight, scale in ((ours, 1.0), (theirs, factor)):
            weight.grad = None
            ((weight - target).square().sum() * scale).backward()
        norm = descend(our_optimizer, [ours], factor=factor, max_norm=max_norm)
        if max_norm is None:
            assert norm is None
        else:
            expected = torch.nn.utils.clip_grad_norm_([theirs], max_norm)
            torch.testing.assert_close(norm, expected)
        their_optimizer.step()
        torch.testing.assert_close(ours, theirs)
        torch.testing.assert_close(ours.grad, theirs.grad)
