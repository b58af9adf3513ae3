"""What a strategy may propose: a cell, or a network made of more. Needs no torch."""

from archsearch.architecture.architecture import Architecture
from archsearch.architecture.conv_reader import read_conv
from archsearch.architecture.convolutional import IMAGE, ConvLayer, ConvNetwork, LayerKind
from archsearch.architecture.layer import HeterogeneousLayer, read_layer
from archsearch.architecture.reading import read_architecture, read_cell, read_cell_file

__all__ = [
    "IMAGE",
    "Architecture",
    "ConvLayer",
    "ConvNetwork",
    "HeterogeneousLayer",
    "LayerKind",
    "read_architecture",
    "read_cell",
    "read_cell_file",
    "read_conv",
    "read_layer",
]
