"""A corpus of MIDI files: a user's own, or those of piano-midi.de.

Piano-midi.de: classical piano pieces by Bernd Krueger, CC BY-SA 3.0 DE, in the splits of
Boulanger-Lewandowski et al. (2012). Their notes lie on the beat, and tempo changes carry the
expression, so that rolls in beats are a clean score.
"""

import io
import random
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from archsearch.data.arrays import read_arrays
from archsearch.data.errors import DataError
from archsearch.data.midi_rolls import BrokenMidi, TimeUnit, roll_of_midi
from archsearch.data.notices import tell
from archsearch.data.piano_rolls import NUM_KEYS, SPLITS, RollCorpus
from archsearch.data.store import CorpusFile, Root, data_root, read_verified

PIANO_MIDI_DE = CorpusFile(
    "polyphonic/Piano-midi.de.zip",
    sha256="631b148fd1022cb73d28684382446f1a36e1e7f0d131ed81121a999c9f23fed1",
    num_bytes=973_498,
    url=(
        "https://raw.githubusercontent.com/yipstanley/dl_final/"
        "58b2eb02cb50076f003f7ca45b2622897d4d1661/Piano-midi.de.zip"
    ),
)
_SUFFIXES = (".mid", ".midi")
# What reading raises of files without permission, and of encrypted or damaged ones in a .zip.
_UNREADABLE = (OSError, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error)
_HELD_OUT_SHARE = 0.1  # for validation, and again for the test
_BEAT_SECONDS = 0.5  # at 120 a minute, for playing


def load_midi(
    source: str | None = None,
    time_step: float = 0.25,
    unit: str = TimeUnit.BEATS,
    seed: int = 0,
    root: Root = None,
    mirror: str | None = None,
) -> RollCorpus:
    """Piano rolls of MIDI files, with a frame every `time_step` of `unit`.

    source: a folder, or a .zip, with .mid files at any depth; or an .npz of rolls
    (`read_roll_archive`), whose frames are taken to last a time step. None: Piano-midi.de's, from
    under `data_root(root)`; downloaded where they are missing.

    Where files lie in folders train, valid and test, these are the splits, and files elsewhere are
    left out. Else a tenth is drawn for validation and another for the test, the same in every
    process for one seed. Files that cannot be read are skipped; one line on stderr counts and
    names them. A process reads a source once.

    Raises:
        DataError: nothing there, nothing that can be read, or too little for three splits.
    """
    if unit not in tuple(TimeUnit):
        raise DataError(f"unit: expected {' or '.join(TimeUnit)}, got {unit!r}")
    if not time_step > 0:
        raise DataError(f"time_step: expected a number of {unit} above 0, got {time_step}")
    place = None if source is None else Path(source).expanduser().resolve()
    return _load(place, time_step, TimeUnit(unit), seed, str(data_root(root)), mirror)


@cache
def _load(
    source: Path | None, time_step: float, unit: TimeUnit, seed: int, root: str, mirror: str | None
) -> RollCorpus:
    frame_seconds = time_step * (_BEAT_SECONDS if unit is TimeUnit.BEATS else 1.0)
    if source is not None and source.suffix == ".npz" and source.is_file():
        return read_roll_archive(source, frame_seconds)
    where = str(source or PIANO_MIDI_DE.path)
    if source is None:
        files = _in_zip(io.BytesIO(read_verified(PIANO_MIDI_DE, root, mirror)))
    elif source.is_dir():
        files = _in_folder(source)
    elif zipfile.is_zipfile(source):
        files = _in_zip(source)
    else:
        raise DataError(f"expected a folder, a .zip or an .npz at {where}, found none")
    rolls = _read_rolls(dict(files), time_step, unit, where)
    return RollCorpus("midi", frame_seconds, **_split(rolls, seed, where))


def _in_folder(folder: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in _SUFFIXES:
            yield path.relative_to(folder).as_posix(), path.read_bytes


def _in_zip(file: Path | io.BytesIO) -> Iterator[tuple[str, Callable[[], bytes]]]:
    try:
        archive = zipfile.ZipFile(file)
    except zipfile.BadZipFile as error:
        raise DataError(f"{file}: a .zip that is damaged ({error})") from error
    for name in sorted(archive.namelist()):
        if name.lower().endswith(_SUFFIXES):
            yield name, partial(archive.read, name)


def _read_rolls(
    files: Mapping[str, Callable[[], bytes]], time_step: float, unit: TimeUnit, where: str
) -> dict[str, Tensor]:
    """By file name, in alphabetical order."""
    if not files:
        raise DataError(f"expected MIDI files ({' or '.join(_SUFFIXES)}) in {where}, found none")
    rolls: dict[str, Tensor] = {}
    skipped: list[str] = []
    for name, read in files.items():
        try:
            rolls[name] = roll_of_midi(read(), time_step, unit)
        except (BrokenMidi, *_UNREADABLE) as error:
            skipped.append(f"{name} ({' '.join(str(error).split())})")
    if not rolls:
        raise DataError(
            f"none of {len(files)} MIDI files in {where} can be read, such as {skipped[0]}"
        )
    if skipped:
        tell(f"skipped {len(skipped)} of {len(files)} MIDI files in {where}: {', '.join(skipped)}")
    return rolls


def _split(rolls: Mapping[str, Tensor], seed: int, where: str) -> dict[str, tuple[Tensor, ...]]:
    by_folder = {
        split: tuple(roll for name, roll in rolls.items() if split in PurePosixPath(name).parts)
        for split in SPLITS
    }
    if any(by_folder.values()):
        return by_folder
    if len(rolls) < len(SPLITS):
        raise DataError(
            f"{where}: expected {len(SPLITS)} MIDI files or more, to be split into "
            f"{', '.join(SPLITS)}, got {len(rolls)} that can be read"
        )
    pieces = [*rolls.values()]
    # Seeding by text goes through sha512, so it does not depend on the process's hash seed.
    random.Random(f"archsearch midi {seed}").shuffle(pieces)
    held_out = max(1, round(_HELD_OUT_SHARE * len(pieces)))
    return {
        "train": tuple(pieces[2 * held_out :]),
        "valid": tuple(pieces[:held_out]),
        "test": tuple(pieces[held_out : 2 * held_out]),
    }


def read_roll_archive(path: Path, frame_seconds: float) -> RollCorpus:
    """Piano rolls in NumPy's .npz: for each split such as train, `train_roll` is uint8 (frames, 88)
    of zeros and ones, its pieces end to end, and `train_offsets` has the numbers of the frames at
    which pieces begin, then that of all frames.

    Raises DataError where the file is not one of this form.
    """
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
