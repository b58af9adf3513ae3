"""Corpora: one file each, with source, licence, checksum and splits."""

from archsearch.data.arithmetic import Arithmetic
from archsearch.data.augmentation import UpsampledCrops, whiten
from archsearch.data.batches import Segment, batchify, segments, variable_segments
from archsearch.data.cifar10 import load_cifar10
from archsearch.data.cifar10_reduced import load_cifar10_first4000, load_cifar10_jpeg
from archsearch.data.errors import DataError
from archsearch.data.images import ImageCorpus, LabelledImages
from archsearch.data.iwslt import Iwslt
from archsearch.data.midi import load_midi
from archsearch.data.multi30k import Multi30k
from archsearch.data.own_text import load_text
from archsearch.data.parallel import (
    PairBatch,
    ParallelCorpus,
    ParallelSource,
    pair_batches,
    parallel_corpus,
)
from archsearch.data.parallel_files import ParallelFiles
from archsearch.data.polyphonic import load_polyphonic
from archsearch.data.ptb import load_ptb, load_ptb_char
from archsearch.data.recall import Recall
from archsearch.data.shakespeare import load_shakespeare
from archsearch.data.store import ROOT_VARIABLE, data_root, use_data_root
from archsearch.data.text import TokenCorpus
from archsearch.data.wikitext2 import load_wikitext2
from archsearch.data.xml import load_xml

__all__ = [
    "ROOT_VARIABLE",
    "Arithmetic",
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
    "Segment",
    "TokenCorpus",
    "UpsampledCrops",
    "batchify",
    "data_root",
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
    "pair_batches",
    "parallel_corpus",
    "segments",
    "use_data_root",
    "variable_segments",
    "whiten",
]
