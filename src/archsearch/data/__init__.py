"""Corpora: one file each, with source, licence, checksum and splits."""

from archsearch.data.arithmetic import Arithmetic
from archsearch.data.arrays import read_arrays
from archsearch.data.augmentation import UpsampledCrops, whiten
from archsearch.data.batches import Segment, batchify, segments, variable_segments
from archsearch.data.cifar10 import load_cifar10
from archsearch.data.cifar10_reduced import load_cifar10_first4000, load_cifar10_jpeg
from archsearch.data.errors import DataError
from archsearch.data.images import ImageCorpus, LabelledImages
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
from archsearch.data.store import ROOT_VARIABLE, CorpusFile, data_root, read_verified, use_data_root
from archsearch.data.text import TokenCorpus, word_corpus
from archsearch.data.wikitext2 import load_wikitext2
from archsearch.data.xml import generate_xml, load_xml

__all__ = [
    "ROOT_VARIABLE",
    "Arithmetic",
    "BrokenMidi",
    "CorpusFile",
    "DataError",
    "ImageCorpus",
    "Iwslt",
    "LabelledImages",
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
    "UpsampledCrops",
    "batchify",
    "data_root",
    "generate_xml",
    "load_cifar10",
    "load_cifar10_first4000",
    "load_cifar10_jpeg",
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
    "read_arrays",
    "read_verified",
    "roll_of_midi",
    "roll_segments",
    "segments",
    "text_digest",
    "use_data_root",
    "variable_segments",
    "whiten",
    "word_corpus",
]
