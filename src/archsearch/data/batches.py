"""Streams of tokens cut for truncated backpropagation through time.

Shapes: N steps of a stream, B streams side by side, T steps of one segment.
"""

from collections.abc import Iterable, Iterator
from itertools import repeat
from typing import NamedTuple

import torch
from torch import Tensor

from archsearch.data.errors import DataError

SHORT_PROBABILITY = 0.05
LENGTH_DEVIATION = 5.0  # steps
MIN_LENGTH = 5  # steps


class Segment(NamedTuple):
    """Consecutive steps of all streams; `targets` are the `inputs` one step later."""

    inputs: Tensor  # (T, B)
    targets: Tensor  # (T, B)


def batchify(tokens: Tensor, batch_size: int) -> Tensor:
    """B streams side by side: column b of the result (N, B) is the b-th of B equal parts.

    Up to B − 1 tokens at the end that would not fill a row are left out.
    """
    if batch_size < 1:
        raise DataError(f"batch_size: expected at least 1, got {batch_size}")
    num_steps = len(tokens) // batch_size
    if num_steps < 2:
        raise DataError(
            f"{len(tokens):,} tokens are too few for batch_size {batch_size}: every stream needs "
            f"at least 2, together {2 * batch_size:,}; try a smaller batch_size or more data"
        )
    return tokens[: num_steps * batch_size].view(batch_size, num_steps).t().contiguous()


def segments(stream: Tensor, unroll_steps: int) -> list[Segment]:
    """The stream (N, B) in segments of `unroll_steps` steps, the last one as long as what is left.

    Together the targets are rows 1 to N − 1, each once, so hidden states may be carried over.
    The segments are views of the stream.
    """
    return _cut(stream, unroll_steps, repeat(unroll_steps))


def variable_segments(
    stream: Tensor, unroll_steps: int, generator: torch.Generator
) -> list[Segment]:
    """As `segments`, with lengths drawn again by each call, so that cuts fall elsewhere each epoch.

    The mean length is `unroll_steps` with probability 0.95, else half of it; the length is normal
    around it with deviation 5, at least 5. The learning rate of a segment of T steps is to be
    scaled by T / `unroll_steps`: that is the trainer's. Merity, Keskar, Socher, Regularizing and
    Optimizing LSTM Language Models (2017), section 4.1; the deviation is that of their code.
    """
    return _cut(stream, unroll_steps, _variable_lengths(unroll_steps, generator))


def _variable_lengths(unroll_steps: int, generator: torch.Generator) -> Iterator[int]:
    while True:
        short = torch.rand((), generator=generator).item() < SHORT_PROBABILITY
        mean = unroll_steps / 2 if short else float(unroll_steps)
        length = torch.normal(mean, LENGTH_DEVIATION, (1,), generator=generator).item()
        yield max(MIN_LENGTH, int(length))


def _cut(stream: Tensor, unroll_steps: int, lengths: Iterable[int]) -> list[Segment]:
    if unroll_steps < 1:
        raise DataError(f"unroll_steps: expected at least 1, got {unroll_steps}")
    last = len(stream) - 1  # the last row is a target only
    if last < 1:
        raise DataError(f"a stream of {len(stream)} steps has no target; expected at least 2 steps")
    cut: list[Segment] = []
    start = 0
    for length in lengths:
        end = min(start + length, last)
        cut.append(Segment(stream[start:end], stream[start + 1 : end + 1]))
        if end == last:
            break
        start = end
    return cut
