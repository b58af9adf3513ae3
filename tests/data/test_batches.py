import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from archsearch.data import DataError, batchify, segments, variable_segments

small = settings(max_examples=60, deadline=None)


@small
@given(num_tokens=st.integers(2, 300), batch_size=st.integers(1, 20))
def test_streams_are_contiguous_parts_that_cover_every_token_once(num_tokens, batch_size):
    num_steps = num_tokens // batch_size
    if num_steps < 2:
        return
    stream = batchify(torch.arange(num_tokens), batch_size)
    assert stream.shape == (num_steps, batch_size)
    assert stream.t().flatten().tolist() == list(range(num_steps * batch_size))


@small
@given(
    num_steps=st.integers(2, 200),
    batch_size=st.integers(1, 4),
    unroll_steps=st.integers(1, 60),
    seed=st.one_of(st.none(), st.integers(0, 100)),
)
def test_every_row_but_the_first_is_a_target_once(num_steps, batch_size, unroll_steps, seed):
    stream = batchify(torch.arange(num_steps * batch_size), batch_size)
    if seed is None:
        cut = segments(stream, unroll_steps)
        assert {len(inputs) for inputs, _ in cut[:-1]} <= {unroll_steps}
        assert 1 <= len(cut[-1].inputs) <= unroll_steps
    else:
        cut = variable_segments(stream, unroll_steps, torch.Generator().manual_seed(seed))
    for inputs, targets in cut:
        assert torch.equal(targets, inputs + 1)  # each column counts upwards
    assert torch.equal(torch.cat([inputs for inputs, _ in cut]), stream[:-1])
    assert torch.equal(torch.cat([targets for _, targets in cut]), stream[1:])


def test_variable_lengths_follow_awd_lstm():
    stream = batchify(torch.arange(200_001), 1)
    lengths = [
        len(inputs)
        for inputs, _ in variable_segments(stream, 70, torch.Generator().manual_seed(0))[:-1]
    ]
    short = [length for length in lengths if length < 52]
    long = [length for length in lengths if length >= 52]
    assert 0.03 < len(short) / len(lengths) < 0.07
    # int() rounds down, which takes half a step off the mean
    assert sum(long) / len(long) == pytest.approx(69.5, abs=0.5)
    assert sum(short) / len(short) == pytest.approx(34.5, abs=2)
    assert min(lengths) >= 5


def test_variable_lengths_come_from_the_generator_alone():
    stream = batchify(torch.arange(2000), 1)
    generator = torch.Generator().manual_seed(3)
    first, second = (variable_segments(stream, 35, generator) for _ in range(2))
    torch.manual_seed(9)
    again = variable_segments(stream, 35, torch.Generator().manual_seed(3))
    assert [len(part.inputs) for part in first] == [len(part.inputs) for part in again]
    assert [len(part.inputs) for part in first] != [len(part.inputs) for part in second]


def test_too_short_or_impossible():
    with pytest.raises(DataError, match=r"39 tokens are too few for batch_size 20.*together 40"):
        batchify(torch.arange(39), 20)
    with pytest.raises(DataError, match="batch_size: expected at least 1, got 0"):
        batchify(torch.arange(39), 0)
    with pytest.raises(DataError, match="unroll_steps: expected at least 1, got 0"):
        segments(batchify(torch.arange(40), 20), 0)
    with pytest.raises(DataError, match="a stream of 1 steps has no target"):
        segments(torch.zeros(1, 4, dtype=torch.int64), 5)
