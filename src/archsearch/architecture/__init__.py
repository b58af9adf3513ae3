"""What a strategy may propose: a cell, or a network made of more. Needs no torch."""

from archsearch.architecture.architecture import Architecture
from archsearch.architecture.reader import read_architecture

__all__ = ["Architecture", "read_architecture"]
