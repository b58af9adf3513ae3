"""Corpora: one file each, with source, licence, checksum and splits."""

from archsearch.data.arithmetic import Arithmetic
from archsearch.data.batches import Segment, batchify, segments, variable_segments
from archsearch.data.errors import DataError
from archsearch.data.iwslt import Iwslt
from archsearch.data.midi import load_midi
from archsearch.data.midi_rolls import BrokenMidi, TimeUnit, midi_of_roll, roll_of_midi
from archsearch.data.multi30k import Multi30k
from archsearch.data.own_text import load_text, text_digest
from archsearch.data.pair_batches import PairBatch, pair_batches
from archsearch.data.parallel import ParallelCorpus, ParallelSource, parallel_corpus
from archsearch.data.parallel_files import ParallelFiles
from archsearch.data.piano_rolls import RollCorpus
from archsearch.data.polyphonic import load_polyphonic
from archsearch.data.ptb import load_ptb, load_ptb_char
from archsearch.data.recall import Recall
from archsearch.data.roll_batches import RollSegment, roll_segments
from archsearch.data.shakespeare import load_shakespeare
from archsearch.data.store import ROOT_VARIABLE, CorpusFile, data_root, read_verified
from archsearch.data.text import TokenCorpus, word_corpus
from archsearch.data.wikitext2 import load_wikitext2
from archsearch.data.xml import generate_xml, load_xml

__all__ = [
    "ROOT_VARIABLE",
    "Arithmetic",
    "BrokenMidi",
    "CorpusFile",
    "DataError",
    "Iwslt",
    "Multi30k",
    "PairBatch",
    "ParallelCorpus",
    "ParallelFiles",
    "ParallelSource",
    "Recall",
    "RollCorpus",
    "RollSegment",
    "Segment",
    "TimeUnit",
    "TokenCorpus",
    "batchify",
    "data_root",
    "generate_xml",
    "load_midi",
    "load_polyphonic",
    "load_ptb",
    "load_ptb_char",
    "load_shakespeare",
    "load_text",
    "load_wikitext2",
    "load_xml",
    "midi_of_roll",
    "pair_batches",
    "parallel_corpus",
    "read_verified",
    "roll_of_midi",
    "roll_segments",
    "segments",
    "text_digest",
    "variable_segments",
    "word_corpus",
]
