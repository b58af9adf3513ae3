"""What a process sets up before it trains."""

import torch

from archsearch.cell import parse
from archsearch.nn import RecurrentLayer
from archsearch.train import set_up_process

# Each step takes about 7 in a thousand of the state before.
DECAY = parse("h_t = Mult(h_tm1, Sigmoid(Linear(x_t, bias=-5)))")
SMALLEST = torch.finfo(torch.float32).tiny


def states_and_gradient() -> list[torch.Tensor]:
    """The states of 30 steps from 1 on, and what the sum of the last gives for the first.

    Of the plain backend: kernels of our own flush for themselves.
    """
    generator = torch.Generator().manual_seed(1)
    layer = RecurrentLayer(DECAY, 4, 4, backend="plain", generator=generator)
    start = torch.ones(2, 4, requires_grad=True)
    y, _ = layer(torch.zeros(30, 2, 4), {"h": start})
    y[-1].sum().backward()
    return [y.detach(), start.grad]


def denormals(values: torch.Tensor) -> list[float]:
    # Compared as integers: a processor that flushes takes a denormal for zero here too.
    bits = values.view(torch.int32) & 0x7FFFFFFF
    return values[(bits > 0) & (bits < 0x00800000)].tolist()


def test_a_state_that_decays_ends_at_zero_not_among_denormals():
    before = states_and_gradient()
    set_up_process()
    after = states_and_gradient()
    assert denormals(before[0]), "the state gets as small as that"
    for slow, flushed in zip(before, after, strict=True):
        assert denormals(flushed) == []
        torch.testing.assert_close(flushed, slow, rtol=0, atol=2 * SMALLEST)
