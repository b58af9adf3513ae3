"""Sentence pairs side by side, without padding of the source.

All source sentences of a batch are equally long. So an encoder of whatever cell, in either
direction, ends every sentence in the state that it would have alone, and attention needs no mask.
Targets are padded behind their end, where nothing that counts comes after.

Shapes: S source steps, T target steps, B pairs.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from archsearch.data.errors import DataError
from archsearch.data.parallel import BEGIN, PAD, Pair


class PairBatch(NamedTuple):
    """B pairs, as the encoder reads, the decoder reads, and the decoder has to predict."""

    source: Tensor  # (S, B) int64
    inputs: Tensor  # (T, B) int64: BEGIN and the target without its end, then PAD
    targets: Tensor  # (T, B) int64: the target, then PAD
    pairs: tuple[int, ...]  # their places in the split


def pair_batches(
    pairs: Sequence[Pair], batch_size: int, generator: torch.Generator | None = None
) -> list[PairBatch]:
    """All pairs, each once, in batches of up to `batch_size`.

    Sorted by the lengths of source and target, so little is padded. With a generator, pairs of
    equal lengths, and then the batches, are shuffled. Batches of the rarer source lengths are
    smaller: of the 29,000 pairs of Multi30k in batches of 64, 454 become 476.
    """
    if len(pairs) < batch_size:
        raise DataError(
            f"{len(pairs):,} sentence pairs are too few for batch_size {batch_size}; "
            "try a smaller budget.batch_size or more data"
        )
    order = _permutation(len(pairs), generator)
    order.sort(key=lambda i: (len(pairs[i].source), len(pairs[i].target)))
    batches = [_batch(pairs, rows) for rows in _cut(pairs, order, batch_size)]
    return [batches[i] for i in _permutation(len(batches), generator)]


def _permutation(length: int, generator: torch.Generator | None) -> list[int]:
    if generator is None:
        return list(range(length))
    numbers: list[int] = torch.randperm(length, generator=generator).tolist()
    return numbers


def _cut(pairs: Sequence[Pair], order: list[int], batch_size: int) -> Iterator[list[int]]:
    rows: list[int] = []
    for i in order:
        if rows and (len(rows) == batch_size or len(pairs[i].source) != len(pairs[rows[0]].source)):
            yield rows
            rows = []
        rows.append(i)
    yield rows


def _batch(pairs: Sequence[Pair], rows: list[int]) -> PairBatch:
    targets = pad_sequence([pairs[i].target for i in rows], padding_value=PAD)
    begin = torch.full((1, len(rows)), BEGIN)
    ended = torch.where(targets[1:] == PAD, PAD, targets[:-1])
    source = torch.stack([pairs[i].source for i in rows], dim=1)
    return PairBatch(source, torch.cat((begin, ended)), targets, tuple(rows))
