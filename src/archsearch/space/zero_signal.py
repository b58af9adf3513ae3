"""Which nodes of a cell are 0 at every step, whatever the weights."""

from archsearch.cell import Cell

# Operators whose value is 0 where all arguments are, and where one is.
ZERO_OF_ALL = frozenset(
    (
        "Add", "Sub", "Max", "Gate3", "Blend",
        "Tanh", "ReLU", "LeakyReLU", "SeLU", "Identity", "Sin", "LayerNorm",
    )
)  # fmt: skip
ZERO_OF_ANY = frozenset(("Mult", "Div"))


def zero_nodes(cell: Cell) -> frozenset[int]:
    """The indices of nodes that are surely 0, for all states begin with 0.

    A state stays 0 until something else than 0 reaches it; the difference of a node and itself is
    0. What is 0 only under certain weights or inputs does not count.
    """
    waking: set[str] = set()
    while True:
        zero = _zero_where_states_sleep(cell, waking)
        woken = {name for name, index in cell.outputs if index not in zero} - waking
        if not woken:
            return zero
        waking |= woken


def _zero_where_states_sleep(cell: Cell, waking: set[str]) -> frozenset[int]:
    zero: set[int] = set()
    for index, node in enumerate(cell.nodes):
        if node.state is not None:
            is_zero = node.state not in waking
        elif node.op == "Sub" and node.args[0] == node.args[1]:
            is_zero = True
        elif node.op in ZERO_OF_ANY:
            is_zero = any(arg in zero for arg in node.args)
        else:
            is_zero = node.op in ZERO_OF_ALL and all(arg in zero for arg in node.args)
        if is_zero:
            zero.add(index)
    return frozenset(zero)
