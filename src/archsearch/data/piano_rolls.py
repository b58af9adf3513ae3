"""Music as piano rolls: which of the 88 keys sound in each frame of a piece."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

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
