"""What graphs are made of: what the space of Exploration and its mutations both know."""

from archsearch.cell import Cell
from archsearch.space.space import CellSpace


class GraphGrammar(CellSpace[Cell]):
    """The nodes that a mutation may bring: `activations` of one argument, `operators` of two."""

    activations: tuple[str, ...]
    operators: tuple[str, ...]
