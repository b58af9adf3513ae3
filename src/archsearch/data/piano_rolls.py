"""Music as piano rolls: which of the 88 keys sound in each frame of a piece.

For a training, pieces stand side by side, cut for truncated backpropagation through time. Shapes:
T frames of a segment, B pieces side by side, K keys.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from archsearch.data.errors import DataError

NUM_KEYS = 88
LOWEST_PITCH = 21  # of key 0, as MIDI counts: the A of a piano's left end
SPLITS = ("train", "valid", "test")


@dataclass(frozen=True, slots=True, eq=False)
class RollCorpus:
    """Three splits of pieces, each piece a uint8 tensor (frames, 88) of zeros and ones.

    The tensors are shared between users of the same corpus: read them, never write them.

    Raises:
        DataError: a split in which no piece has two frames, so that none has one to predict.
    """

    name: str
    frame_seconds: float  # how long a frame lasts when a roll is played
    train: tuple[Tensor, ...]
    valid: tuple[Tensor, ...]
    test: tuple[Tensor, ...]

    def __post_init__(self) -> None:
        for split in SPLITS:
            pieces: tuple[Tensor, ...] = getattr(self, split)
            for piece in pieces:
                assert piece.dtype == torch.uint8, f"{self.name} ({split}): {piece.dtype}"
                assert piece.shape[1:] == (NUM_KEYS,), f"{self.name} ({split}): {piece.shape}"
            if num_predicted(pieces) == 0:
                raise DataError(
                    f"{self.name}: expected a {split} split with a piece of at least 2 frames, got "
                    f"{len(pieces)} pieces of at most {max(map(len, pieces), default=0)}; "
                    "try more data, or a shorter time step"
                )

    def limit(
        self, *, max_train_frames: int | None = None, max_valid_frames: int | None = None
    ) -> "RollCorpus":
        """The same corpus with the leading pieces of two splits, the last of them cut, so that they
        have so many frames; None, or more than there are, keeps all. The test split stays whole."""
        return replace(
            self,
            train=_leading(self.train, max_train_frames),
            valid=_leading(self.valid, max_valid_frames),
        )


def num_predicted(pieces: Sequence[Tensor]) -> int:
    """How many frames are predicted: all of a piece but its first."""
    return sum(max(0, len(piece) - 1) for piece in pieces)


def _leading(pieces: tuple[Tensor, ...], num_frames: int | None) -> tuple[Tensor, ...]:
    if num_frames is None:
        return pieces
    kept: list[Tensor] = []
    left = num_frames
    for piece in pieces:
        if left <= 0:
            break
        kept.append(piece[:left])
        left -= len(piece)
    return tuple(kept)


_LENGTH_JITTER = 0.1  # by which lengths are taken to differ when pieces are grouped


class RollSegment(NamedTuple):
    """Consecutive frames of B pieces; `targets` are the `inputs` one frame later.

    Pieces that have ended are padded with silence, and `mask` is false there.
    """

    inputs: Tensor  # (T, B, K), uint8
    targets: Tensor  # the same
    mask: Tensor  # (T, B), bool: whether there is a target
    begins: bool  # with the pieces' first frames, so that states are zero


def roll_segments(
    pieces: Sequence[Tensor],
    batch_size: int,
    unroll_steps: int,
    generator: torch.Generator | None = None,
) -> list[RollSegment]:
    """Segments of `unroll_steps` frames, the last of a group as long as what is left.

    Pieces of similar length stand side by side, so that little is padded; the segments of a group
    follow each other, so that states may be carried over. Together the targets are frames 2 to T of
    every piece, each once. With a generator, which pieces stand together and the order of the
    groups are drawn.
    """
    groups = _groups([piece for piece in pieces if len(piece) > 1], batch_size, generator)
    return [segment for group in groups for segment in _cut(group, unroll_steps)]


def _groups(
    pieces: Sequence[Tensor], batch_size: int, generator: torch.Generator | None
) -> list[list[Tensor]]:
    lengths = torch.tensor([float(len(piece)) for piece in pieces])
    if generator is not None:
        lengths *= 1 + _LENGTH_JITTER * torch.rand(len(pieces), generator=generator)
    by_length = [pieces[i] for i in lengths.argsort(stable=True).tolist()]
    groups = [by_length[i : i + batch_size] for i in range(0, len(pieces), batch_size)]
    if generator is None:
        return groups
    return [groups[i] for i in torch.randperm(len(groups), generator=generator).tolist()]


def _cut(group: Sequence[Tensor], unroll_steps: int) -> list[RollSegment]:
    rolls = pad_sequence(list(group))  # (T, B, K)
    last = torch.tensor([len(piece) - 1 for piece in group])
    mask = torch.arange(len(rolls) - 1)[:, None] < last
    return [
        RollSegment(
            rolls[start : min(start + unroll_steps, len(rolls) - 1)],
            rolls[start + 1 : start + unroll_steps + 1],
            mask[start : start + unroll_steps],
            begins=start == 0,
        )
        for start in range(0, len(rolls) - 1, unroll_steps)
    ]
