"""Which architectures may be proposed: genomes, drawing, rules, distance. Imports no torch."""

from archsearch.space.distance import (
    common_region,
    distance_bound,
    shape_distance,
    tree_distance,
)
from archsearch.space.gp_tree import GPTreeSpace
from archsearch.space.shape import Shape
from archsearch.space.space import CellSpace, GenomeError, Rejection
from archsearch.space.tree import Tree, TreeGenome

__all__ = [
    "CellSpace",
    "GPTreeSpace",
    "GenomeError",
    "Rejection",
    "Shape",
    "Tree",
    "TreeGenome",
    "common_region",
    "distance_bound",
    "shape_distance",
    "tree_distance",
]
