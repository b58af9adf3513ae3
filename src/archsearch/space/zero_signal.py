"""Which nodes of a cell are 0 at every step, whatever the weights."""

from collections.abc import Sequence

from archsearch.cell import OPERATORS, Cell


def is_zero(op: str, zero_args: Sequence[bool]) -> bool:
    """Whether an operator's value is surely 0, given for each argument whether that is."""
    return any(all(zero_args[arg] for arg in group) for group in OPERATORS[op].zeros)


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
        if node.args:
            is_difference = node.op == "Sub" and node.args[0] == node.args[1]
            asleep = is_difference or is_zero(node.op, [arg in zero for arg in node.args])
        else:
            asleep = node.state is not None and node.state not in waking
        if asleep:
            zero.add(index)
    return frozenset(zero)
