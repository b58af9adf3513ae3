"""The files of a user's own that the pages name: text, MIDI pieces, sentence pairs."""

from pathlib import Path

import mido


def make_own_data() -> None:
    """In the current folder."""
    lines = "the sun rises and the sun sets\nand it rises where it rose\n" * 200
    Path("my.txt").write_text(lines)
    for name in ("a.en", "a.de", "b.en", "b.de", "c.en", "c.de", "sentences.en"):
        Path(name).write_text(lines)
    Path("my_pieces").mkdir()
    for piece in range(12):
        track = mido.MidiTrack()
        for step in range(64):
            note = 48 + (piece + 2 * step) % 24
            track.append(mido.Message("note_on", note=note, time=0))
            track.append(mido.Message("note_off", note=note, time=240))
        mido.MidiFile(tracks=[track]).save(f"my_pieces/{piece}.mid")
