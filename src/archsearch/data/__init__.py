"""Corpora: one file each, with source, licence, checksum and splits."""

from archsearch.data.batches import Segment, batchify, segments, variable_segments
from archsearch.data.errors import DataError
from archsearch.data.ptb import load_ptb
from archsearch.data.recall import Recall
from archsearch.data.store import ROOT_VARIABLE, CorpusFile, data_root, read_verified
from archsearch.data.text import TokenCorpus, word_corpus
from archsearch.data.xml import generate_xml, load_xml

__all__ = [
    "ROOT_VARIABLE",
    "CorpusFile",
    "DataError",
    "Recall",
    "Segment",
    "TokenCorpus",
    "batchify",
    "data_root",
    "generate_xml",
    "load_ptb",
    "load_xml",
    "read_verified",
    "segments",
    "variable_segments",
    "word_corpus",
]
