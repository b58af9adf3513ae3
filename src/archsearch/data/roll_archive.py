"""Piano rolls in NumPy's .npz: the pieces of a split end to end, and where each begins.

For each split such as train, `train_roll` is uint8 (frames, 88) of zeros and ones, and
`train_offsets` has the numbers of the frames at which pieces begin, then that of all frames.
"""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from archsearch.data.arrays import read_arrays
from archsearch.data.errors import DataError
from archsearch.data.piano_rolls import NUM_KEYS, SPLITS, RollCorpus


def read_roll_archive(path: Path, frame_seconds: float) -> RollCorpus:
    """Raises DataError where the file is not one of this form."""
    names = [f"{split}_{part}" for split in SPLITS for part in ("roll", "offsets")]
    arrays = read_arrays(path.read_bytes(), str(path), names)
    try:
        train, valid, test = (
            _pieces(split, arrays[f"{split}_roll"], arrays[f"{split}_offsets"]) for split in SPLITS
        )
    except (ValueError, TypeError) as error:
        raise DataError(f"{path}: expected piano rolls as zeros and ones: {error}") from error
    return RollCorpus(path.stem, frame_seconds, train, valid, test)


def _pieces(split: str, roll: NDArray[Any], offsets: NDArray[Any]) -> tuple[Tensor, ...]:
    if roll.ndim != 2 or roll.shape[1] != NUM_KEYS or not np.isin(roll, (0, 1)).all():
        raise ValueError(
            f"{split}_roll is no array (frames, {NUM_KEYS}) of zeros and ones, but {roll.dtype} "
            f"{roll.shape}"
        )
    bounds = offsets.tolist()
    if bounds[:1] != [0] or bounds[-1:] != [len(roll)] or bounds != sorted(bounds):
        raise ValueError(f"{split}_offsets do not rise from 0 to {len(roll)}, the frames there are")
    frames = torch.from_numpy(roll.astype(np.uint8))
    return tuple(frames[start:end] for start, end in pairwise(bounds))
