"""Piano rolls in NumPy's .npz: the pieces of a split end to end, and where each begins.

For each split such as train, `train_roll` is uint8 (frames, 88) of zeros and ones, and
`train_offsets` has the numbers of the frames at which pieces begin, then that of all frames.
"""

import zipfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from archsearch.data.errors import DataError
from archsearch.data.piano_rolls import NUM_KEYS, SPLITS, RollCorpus


def read_roll_archive(path: Path, frame_seconds: float) -> RollCorpus:
    """Nothing in it is unpickled: objects are refused.

    Raises:
        DataError: no such file, or not one of this form.
    """
    expected = (
        f"{path}: expected piano rolls as arrays of numbers, an .npz with <split>_roll and "
        f"<split>_offsets for {', '.join(SPLITS)}"
    )
    if not zipfile.is_zipfile(path):  # np.load would advise to unpickle it
        raise DataError(f"{expected}; found no such file")
    try:
        with np.load(path, allow_pickle=False) as archive:
            splits = {split: _pieces(archive, split) for split in SPLITS}
    except (OSError, EOFError, KeyError, ValueError, TypeError, zipfile.BadZipFile) as error:
        raise DataError(f"{expected}: {' '.join(str(error).split())}") from error
    return RollCorpus(path.stem, frame_seconds, **splits)


def _pieces(archive: Any, split: str) -> tuple[Tensor, ...]:
    roll, offsets = archive[f"{split}_roll"], archive[f"{split}_offsets"]
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
