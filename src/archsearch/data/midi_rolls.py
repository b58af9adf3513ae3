"""A standard MIDI file as a piano roll, and a roll as a file."""

import io
import math
from collections.abc import Iterator
from enum import StrEnum
from itertools import accumulate
from operator import itemgetter
from typing import Any, NamedTuple

import mido
import torch
from torch import Tensor

from archsearch.data.piano_rolls import LOWEST_PITCH, NUM_KEYS

MAX_FRAMES = 200_000  # of a file; a damaged time would else fill the memory
_TICKS_PER_BEAT = 480
_BEATS_PER_SECOND = 2.0  # 120 a minute, where a file says nothing else
_DRUMS = 9  # the channel whose notes are not pitches
_VELOCITY = 80


class TimeUnit(StrEnum):
    """What a time step is counted in."""

    BEATS = "beats"  # quarter notes, as the file has them, whatever the tempo
    SECONDS = "seconds"


class BrokenMidi(ValueError):
    """A file that is no MIDI file, or one without a roll; the message says why."""


class _Note(NamedTuple):
    key: int  # 0 to 87
    start: float  # in the unit of the time step
    end: float


def roll_of_midi(content: bytes, time_step: float, unit: TimeUnit) -> Tensor:
    """uint8 (frames, 88), from the first frame that sounds to the last.

    A note sounds from the frame nearest to its start to the one nearest to its end, at least one.
    Pedals, velocities, drums and what lies beyond a piano's keys are left out.

    Raises:
        BrokenMidi: it cannot be read, has no such note, or more than MAX_FRAMES.
    """
    try:
        midi = mido.MidiFile(file=io.BytesIO(content))
        notes = [*_notes(midi, unit)]
    except EOFError as error:
        raise BrokenMidi("it ends too early") from error
    except Exception as error:  # on damaged bytes mido raises whatever its parsing meets
        raise BrokenMidi(str(error) or type(error).__name__) from error
    if not notes:
        raise BrokenMidi("no notes of a piano")
    return _draw(notes, time_step)


def midi_of_roll(roll: Tensor, frame_seconds: float) -> bytes:
    """A file at 120 quarter notes a minute; a key that sounds in frames on end is one note."""
    silence = torch.zeros(1, NUM_KEYS, dtype=torch.int8)
    changes = torch.diff(roll.to(torch.int8), dim=0, prepend=silence, append=silence)
    ticks_per_frame = frame_seconds * _BEATS_PER_SECOND * _TICKS_PER_BEAT
    track = mido.MidiTrack()
    now = 0
    events = sorted(
        (frame, int(changes[frame, key]), key) for frame, key in changes.nonzero().tolist()
    )
    for frame, change, key in events:
        then = round(frame * ticks_per_frame)
        kind = "note_on" if change > 0 else "note_off"
        track.append(
            mido.Message(kind, note=LOWEST_PITCH + key, velocity=_VELOCITY, time=then - now)
        )
        now = then
    rest = round(len(roll) * ticks_per_frame) - now
    track.append(mido.MetaMessage("end_of_track", time=rest))
    file = io.BytesIO()
    mido.MidiFile(ticks_per_beat=_TICKS_PER_BEAT, tracks=[track]).save(file=file)
    return file.getvalue()


def _notes(midi: mido.MidiFile, unit: TimeUnit) -> Iterator[_Note]:
    now = 0.0
    open_since: dict[tuple[int, int], float] = {}  # by channel and key
    for now, message in _timed(midi, unit):
        if message.type not in ("note_on", "note_off") or message.channel == _DRUMS:
            continue
        voice = (message.channel, message.note - LOWEST_PITCH)
        if voice in open_since:
            yield _Note(voice[1], open_since.pop(voice), now)
        if message.type == "note_on" and message.velocity > 0 and 0 <= voice[1] < NUM_KEYS:
            open_since[voice] = now
    for (_, key), start in open_since.items():
        yield _Note(key, start, now)


def _timed(midi: mido.MidiFile, unit: TimeUnit) -> Iterator[tuple[float, Any]]:
    """The messages of all tracks, each with its time."""
    if midi.ticks_per_beat <= 0:
        raise BrokenMidi("its times are not in beats")
    seconds_per_beat = 1 / _BEATS_PER_SECOND
    now, ticks = 0.0, 0
    for tick, message in _merged(midi):
        beats = (tick - ticks) / midi.ticks_per_beat
        ticks = tick
        now += beats if unit is TimeUnit.BEATS else beats * seconds_per_beat
        if message.type == "set_tempo":
            seconds_per_beat = message.tempo / 1e6
        yield now, message


def _merged(midi: mido.MidiFile) -> list[tuple[int, Any]]:
    """The same with their ticks; mido's own merging takes ten times as long."""
    messages: list[tuple[int, Any]] = []
    for track in midi.tracks:
        ticks = accumulate(message.time for message in track)
        messages += zip(ticks, track, strict=True)
    return sorted(messages, key=itemgetter(0))


def _draw(notes: list[_Note], time_step: float) -> Tensor:
    starts = [_nearest(note.start / time_step) for note in notes]
    ends = [_nearest(note.end / time_step) for note in notes]
    first = min(starts)
    num_frames = max(*ends, max(starts) + 1) - first
    if num_frames > MAX_FRAMES:
        raise BrokenMidi(f"{num_frames:,} frames are more than {MAX_FRAMES:,}")
    roll = torch.zeros(num_frames, NUM_KEYS, dtype=torch.uint8)
    for note, start, end in zip(notes, starts, ends, strict=True):
        roll[start - first : max(end, start + 1) - first, note.key] = 1
    return roll


def _nearest(frame: float) -> int:
    return math.floor(frame + 0.5)
