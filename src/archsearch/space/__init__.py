"""Which architectures may be proposed: genomes, drawing, rules, distance. Imports no torch."""

from archsearch.space.conv import ConvSpace
from archsearch.space.distance import distance_bound, shape_distance, tree_distance
from archsearch.space.dsl import DSLSpace
from archsearch.space.gp_tree import GPTreeSpace
from archsearch.space.graph import GraphSpace
from archsearch.space.nas_base import NASBaseSpace
from archsearch.space.space import CellSpace, GenomeError, Rejection
from archsearch.space.tree import Shape, TreeGenome

__all__ = [
    "CellSpace",
    "ConvSpace",
    "DSLSpace",
    "GPTreeSpace",
    "GenomeError",
    "GraphSpace",
    "NASBaseSpace",
    "Rejection",
    "Shape",
    "TreeGenome",
    "distance_bound",
    "shape_distance",
    "tree_distance",
]
