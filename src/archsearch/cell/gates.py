"""Which Linear nodes are forget gates: whose bias decides how long a state is remembered."""

from archsearch.cell.operators import OPERATORS, Gate
from archsearch.cell.step import Step


def forget_gates(cell: Step) -> dict[int, float]:
    """For each Linear that is a forget gate the sign of the bias that makes the cell remember.

    A forget gate is a Sigmoid(Linear), in Gate3 also the bare Linear, that multiplies the previous
    value of a state, where the product reaches the same state's next value without passing a
    Linear or serving as a gate itself. The reset gate of a GRU is none. A Linear that would need
    both signs is left out.
    """
    carriers = {name: _carriers(cell, index) for name, index in cell.outputs}
    signs: dict[int, set[float]] = {}
    for index, node in enumerate(cell.nodes):
        for gate in OPERATORS[node.op].gates if node.args else ():
            state = cell.nodes[node.args[gate.value]].state
            if state is None or index not in carriers[state]:
                continue
            found = _linear_behind(cell, node.args[gate.gate], gate)
            if found is not None:
                linear, inner = found
                signs.setdefault(linear, set()).add(gate.sign * inner)
    return {linear: found.pop() for linear, found in sorted(signs.items()) if len(found) == 1}


def _carriers(cell: Step, output: int) -> set[int]:
    """The nodes whose value reaches the output as a value."""
    reached: set[int] = set()
    waiting = [output]
    while waiting:
        index = waiting.pop()
        if index not in reached:
            reached.add(index)
            node = cell.nodes[index]
            if node.args:
                waiting.extend(node.args[i] for i in OPERATORS[node.op].values)
    return reached


def _linear_behind(cell: Step, index: int, gate: Gate) -> tuple[int, float] | None:
    """The Linear that steers the gate, and how: −1 if a OneMinus lies between."""
    sign = 1.0
    node = cell.nodes[index]
    while node.op == "OneMinus":
        sign = -sign
        index = node.args[0]
        node = cell.nodes[index]
    if node.op == "Sigmoid":
        index = node.args[0]
    elif not gate.squashed:
        return None
    return (index, sign) if cell.nodes[index].op == "Linear" else None
