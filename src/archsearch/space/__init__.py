"""Which architectures may be proposed: genomes, drawing, rules, distance. Imports no torch."""

from archsearch.space.conv import ConvSpace
from archsearch.space.decisions import DecisionSpace
from archsearch.space.distance import (
    common_region,
    distance_bound,
    shape_distance,
    tree_distance,
)
from archsearch.space.dsl import DSLSpace
from archsearch.space.expression import Expression
from archsearch.space.gp_tree import GPTreeSpace
from archsearch.space.graph import GraphSpace
from archsearch.space.heterogeneous import HeterogeneousSpace
from archsearch.space.nas_base import NASBaseSpace
from archsearch.space.shape import Shape
from archsearch.space.space import CellSpace, GenomeError, Rejection, StagedSpace
from archsearch.space.tree import Tree, TreeGenome

__all__ = [
    "CellSpace",
    "ConvSpace",
    "DSLSpace",
    "DecisionSpace",
    "Expression",
    "GPTreeSpace",
    "GenomeError",
    "GraphSpace",
    "HeterogeneousSpace",
    "NASBaseSpace",
    "Rejection",
    "Shape",
    "StagedSpace",
    "Tree",
    "TreeGenome",
    "common_region",
    "distance_bound",
    "shape_distance",
    "tree_distance",
]
