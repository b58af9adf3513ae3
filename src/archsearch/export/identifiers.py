"""The names of a cell's equations as names in Python: z_t, W_z, h_tm1."""

import builtins
import keyword
import re
from dataclasses import dataclass

from torch import nn

from archsearch.cell import Cell
from archsearch.drawing.naming import name_nodes, print_order
from archsearch.drawing.notation import PRIME, Symbol

# What a name may not be: anything that the code of a cell says itself.
_LOCALS = {"self", "state", "torch", "nn", "F", "Tensor", "State", "position", "whole_h_tm1"}
_VARIABLES = _LOCALS | set(keyword.kwlist) | set(dir(builtins))
_ATTRIBUTES = set(dir(nn.Module)) | {"hidden_size", "initial_state", "training"}


@dataclass(frozen=True, slots=True)
class Matrices:
    """The attributes of one Linear: a matrix for each argument in the node's order, and a bias.

    order: the positions of the arguments as the equations print them.
    """

    matrices: tuple[str, ...]
    bias: str
    order: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Identifiers:
    """variables: of the nodes with an equation of their own, in the order to compute them.
    matrices: of each Linear by its node."""

    variables: dict[int, str]
    matrices: dict[int, Matrices]


def identifiers(cell: Cell) -> Identifiers:
    """Different for different things, whatever the author of the cell has called them."""
    names = name_nodes(cell)
    taken = _VARIABLES | {node.op for node in cell.nodes if node.is_source}
    variables = {}
    for node, symbol in names.lines.items():
        variables[node] = _free(_spelt(symbol), taken)
        taken = taken | {variables[node]}
    used = set(_ATTRIBUTES)
    matrices = {}
    for node, weights in names.weights.items():
        spelt = []
        for symbol in (*weights.matrices, weights.bias):
            spelt.append(_free(_spelt(symbol), used))
            used.add(spelt[-1])
        matrices[node] = Matrices(tuple(spelt[:-1]), spelt[-1], tuple(print_order(weights)))
    return Identifiers(variables, matrices)


def _spelt(symbol: Symbol) -> str:
    """W₃ as W3, p_{1,t} as p1_t, W_{f,2} as W_f_2; what a name cannot have becomes _."""
    numbered = symbol.index and symbol.index[0].isdigit()
    head = symbol.base + symbol.index[0] if numbered else symbol.base
    text = "_".join((head, *symbol.index[1 if numbered else 0 :]))
    text = text.replace("t−1", "tm1").replace(PRIME, "_prime")
    return re.sub(r"\W", "_", text, flags=re.ASCII)


def _free(name: str, taken: set[str]) -> str:
    """The name, with a number behind it where it is taken."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free
