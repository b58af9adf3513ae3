import io
import pickle
import zipfile
from contextlib import suppress
from pathlib import Path

import mido
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from archsearch.data import DataError, data_root, load_midi
from archsearch.data.midi import PIANO_MIDI_DE
from archsearch.data.midi_rolls import BrokenMidi, TimeUnit, midi_of_roll, roll_of_midi

SIXTEENTH = 0.25  # beats
SIXTEENTH_SECONDS = 0.125  # at 120 a minute


def random_roll(num_frames: int, seed: int) -> Tensor:
    """Keys sound at both ends, as rolls of files do."""
    roll = torch.rand(num_frames, 88, generator=torch.Generator().manual_seed(seed)) < 0.3
    roll[0, seed % 88] = roll[-1, seed % 88] = True
    return roll.to(torch.uint8)


def midi_file(*messages: mido.Message | mido.MetaMessage, ticks_per_beat: int = 4) -> bytes:
    file = io.BytesIO()
    track = mido.MidiTrack(messages)
    mido.MidiFile(ticks_per_beat=ticks_per_beat, tracks=[track]).save(file=file)
    return file.getvalue()


def note(kind: str, pitch: int, ticks: int, channel: int = 0) -> mido.Message:
    return mido.Message(kind, note=pitch, time=ticks, channel=channel)


def folder_of(root: Path, files: dict[str, bytes]) -> str:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return str(root)


def pieces(num_files: int) -> dict[str, bytes]:
    rolls = [random_roll(8 + i, seed=i) for i in range(num_files)]
    return {f"{i:02}.mid": midi_of_roll(r, SIXTEENTH_SECONDS) for i, r in enumerate(rolls)}


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 30), st.integers(0, 1000), st.sampled_from([0.1, 0.125, 0.3, 1.0]))
def test_a_roll_written_and_read_again_is_the_same(num_frames: int, seed: int, step: float):
    roll = random_roll(num_frames, seed)
    read = roll_of_midi(midi_of_roll(roll, step), step, TimeUnit.SECONDS)
    assert torch.equal(read, roll)


def test_notes_sound_between_the_nearest_frames():
    content = midi_file(
        note("note_on", 21, 9), note("note_on", 60, 0, channel=9),  # a drum
        note("note_on", 20, 0), note("note_off", 20, 4),  # below the keys
        note("note_off", 21, 1), note("note_on", 108, 0), note("note_off", 108, 1),
    )  # fmt: skip
    roll = roll_of_midi(content, 0.5, TimeUnit.BEATS)  # 2 ticks
    assert roll.shape == (3, 88)  # from frame 5 = round(4.5)
    assert roll[:, 0].tolist() == [1, 1, 0]
    assert roll[:, 87].tolist() == [0, 0, 1], "short as it is, at least one frame"
    assert roll.sum() == 3


def test_beats_ignore_the_tempo_and_seconds_follow_it():
    content = midi_file(
        note("note_on", 60, 0), mido.MetaMessage("set_tempo", tempo=2_000_000, time=4),
        note("note_off", 60, 4),
    )  # fmt: skip
    assert len(roll_of_midi(content, 0.5, TimeUnit.BEATS)) == 4
    assert len(roll_of_midi(content, 0.5, TimeUnit.SECONDS)) == 1 + 4


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 300), st.binary(min_size=1, max_size=3))
def test_whatever_is_wrong_with_a_file_it_is_broken_or_a_roll(position: int, damage: bytes):
    good = midi_of_roll(random_roll(6, seed=1), 0.1)
    position %= len(good)
    content = good[:position] + damage + good[position + len(damage) :]
    with suppress(BrokenMidi):  # and nothing else
        assert roll_of_midi(content, SIXTEENTH, TimeUnit.BEATS).shape[1] == 88


def test_a_broken_file_among_good_ones_is_skipped_named_and_counted(tmp_path, capfd):
    files = pieces(12) | {"deep/broken.MID": b"no music", "silent.mid": midi_file(), "a.txt": b"-"}
    corpus = load_midi(folder_of(tmp_path, files), SIXTEENTH)
    assert [len(corpus.train), len(corpus.valid), len(corpus.test)] == [10, 1, 1]
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith(f"archsearch: skipped 2 of 14 MIDI files in {tmp_path}: ")
    assert "deep/broken.MID (MThd not found" in line
    assert "silent.mid (no notes of a piano)" in line


def test_a_draw_splits_and_folders_do_where_there_are_some(tmp_path):
    files = pieces(20)
    drawn = load_midi(folder_of(tmp_path / "flat", files), seed=3)
    again = load_midi(folder_of(tmp_path / "same", files), seed=3)
    other = load_midi(str(tmp_path / "flat"), seed=4)
    lengths = [[len(p) for p in c.train] for c in (drawn, again, other)]
    assert lengths[0] == lengths[1] != lengths[2]
    assert [len(drawn.valid), len(drawn.test)] == [2, 2]

    archive = tmp_path / "some.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        for split, name in (("train", "07"), ("train", "03"), ("valid", "00"), ("test", "19")):
            zipped.writestr(f"top/{split}/{name}.mid", files[f"{name}.mid"])
        zipped.writestr("top/elsewhere.mid", files["05.mid"])
    corpus = load_midi(str(archive))
    assert [len(piece) for piece in corpus.train] == [8 + 3, 8 + 7]
    assert [len(corpus.valid[0]), len(corpus.test[0])] == [8, 8 + 19]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, r"expected MIDI files \(.mid or .midi\) in .*, found none"),
        (
            {"a.mid": b"?"},
            r"none of 1 MIDI files in .* can be read, such as a.mid \(it ends",
        ),
        (pieces(2), r"expected 3 MIDI files or more, .* got 2"),
        ({"train/a.mid": pieces(1)["00.mid"]}, r"midi: expected a valid split .* got 0 pieces"),
    ],
    ids=["empty", "broken", "few", "no valid"],
)
def test_folders_that_give_no_corpus(tmp_path, files, message):
    with pytest.raises(DataError, match=message) as raised:
        load_midi(folder_of(tmp_path, files))
    assert "\n" not in str(raised.value)


def test_damage_within_a_zip_is_that_of_a_file(tmp_path, capfd):
    archive = tmp_path / "some.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        for name, content in pieces(4).items():
            zipped.writestr(name, content)
    stored = archive.read_bytes()
    at = stored.index(b"MThd")
    archive.write_bytes(stored[:at] + b"?" + stored[at + 1 :])
    assert len(load_midi(str(archive)).train) == 1
    assert "skipped 1 of 4 MIDI files" in (line := capfd.readouterr().err)
    assert "00.mid (Bad CRC-32" in line


def test_a_time_step_too_long_for_any_frame_to_follow(tmp_path):
    with pytest.raises(DataError, match=r"at least 2 frames, got 4 pieces of at most 1; try"):
        load_midi(folder_of(tmp_path, pieces(6)), time_step=100.0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"source": "/nowhere"}, "expected a folder, a .zip or an .npz at /nowhere"),
        ({"unit": "bars"}, "unit: expected beats or seconds, got 'bars'"),
        ({"time_step": 0.0}, "time_step: expected a number of beats above 0, got 0.0"),
    ],
)
def test_settings_that_make_no_sense(settings, message):
    with pytest.raises(DataError, match=message):
        load_midi(**settings)


class TestArchive:
    def arrays(self) -> dict[str, np.ndarray]:
        roll = random_roll(10, seed=0).numpy()
        return {
            name: value
            for split in ("train", "valid", "test")
            for name, value in (
                (f"{split}_roll", roll), (f"{split}_offsets", np.array([0, 4, 10])),
            )
        }  # fmt: skip

    def test_is_read_as_pieces(self, tmp_path):
        np.savez(tmp_path / "mine.npz", **self.arrays())
        corpus = load_midi(str(tmp_path / "mine.npz"))
        assert (corpus.name, [len(piece) for piece in corpus.valid]) == ("mine", [4, 6])

    def test_a_pickle_inside_is_refused_and_not_run(self, tmp_path):
        ran = tmp_path / "ran"

        class Malice:
            def __reduce__(self):
                return (Path.touch, (ran,))

        rolls = np.array([Malice()], dtype=object)
        np.savez(tmp_path / "bad.npz", **self.arrays() | {"train_roll": rolls})
        (tmp_path / "pickle.npz").write_bytes(pickle.dumps(Malice()))
        for name in ("bad", "pickle"):
            with pytest.raises(DataError, match="npz file of plain arrays") as refused:
                load_midi(str(tmp_path / f"{name}.npz"))
            assert "\n" not in str(refused.value)
        assert not ran.exists()

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"train_roll": np.full((10, 88), 2)}, "no array .frames, 88. of zeros and ones"),
            ({"test_roll": np.zeros((10, 87))}, "no array .frames, 88. of zeros and ones"),
            ({"valid_offsets": np.array([0, 4, 11])}, "do not rise from 0 to 10"),
        ],
    )
    def test_other_arrays_are_refused(self, tmp_path, change, message):
        np.savez(tmp_path / "mine.npz", **self.arrays() | change)
        with pytest.raises(DataError, match=message):
            load_midi(str(tmp_path / "mine.npz"))

    def test_missing_splits_are_named(self, tmp_path):
        np.savez(tmp_path / "mine.npz", train_roll=np.zeros((3, 88)))
        with pytest.raises(
            DataError,
            match=r"with train_roll, train_offsets, .* got one with train_roll",
        ):
            load_midi(str(tmp_path / "mine.npz"))


@pytest.mark.slow
def test_piano_midi_de():
    path = data_root() / PIANO_MIDI_DE.path
    if not path.exists():
        pytest.skip(f"no Piano-midi.de under ARCHSEARCH_DATA: {path}")
    corpus = load_midi()
    assert [len(corpus.train), len(corpus.valid), len(corpus.test)] == [87, 12, 25]
    frames = [sum(map(len, pieces)) for pieces in (corpus.train, corpus.valid, corpus.test)]
    assert frames == [151_687, 17_072, 38_047]
