"""What a cell is: operators, text, canonical form, published cells. Needs no torch."""

from archsearch.cell.cell import Cell, Node
from archsearch.cell.drawable import Drawable
from archsearch.cell.errors import CellError
from archsearch.cell.gates import forget_gates
from archsearch.cell.limits import MAX_HEIGHT, MAX_MEMORIES, MAX_NODES, MAX_TEXT_LENGTH
from archsearch.cell.operators import OPERATORS, Arithmetic, Operator
from archsearch.cell.parser import parse
from archsearch.cell.recipe import from_recipe
from archsearch.cell.zoo import UnknownCellError, Zoo, zoo

__all__ = [
    "MAX_HEIGHT",
    "MAX_MEMORIES",
    "MAX_NODES",
    "MAX_TEXT_LENGTH",
    "OPERATORS",
    "Arithmetic",
    "Cell",
    "CellError",
    "Drawable",
    "Node",
    "Operator",
    "UnknownCellError",
    "Zoo",
    "forget_gates",
    "from_recipe",
    "parse",
    "zoo",
]
