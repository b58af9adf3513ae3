"""Which Linear nodes are forget gates: whose bias decides how long a state is remembered."""

from archsearch.cell.node import Node
from archsearch.cell.step import Step

# Where a value may stand in an operator and still come through it, not only steer it.
_VALUE_ARGUMENTS = {
    "Add": (0, 1),
    "Sub": (0, 1),
    "Mult": (0, 1),
    "Max": (0, 1),
    "Blend": (1, 2),
    "Gate3": (0, 1),
    "Identity": (0,),
    "Tanh": (0,),
    "ReLU": (0,),
    "LeakyReLU": (0,),
    "SeLU": (0,),
    "LayerNorm": (0,),
    "PosEnc": (0,),
}


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
        for gate, sign, value in _gated(node):
            state = cell.nodes[value].state
            if state is None or index not in carriers[state]:
                continue
            found = _linear_behind(cell, gate, bare=node.op == "Gate3")
            if found is not None:
                linear, inner = found
                signs.setdefault(linear, set()).add(sign * inner)
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
            waiting.extend(node.args[i] for i in _VALUE_ARGUMENTS.get(node.op, ()))
    return reached


def _gated(node: Node) -> list[tuple[int, float, int]]:
    """Each (gate, sign, value) of the node: a gate that grows lets more (+1) or less (−1) pass."""
    if node.op == "Mult":
        a, b = node.args
        return [(a, 1.0, b), (b, 1.0, a)]
    if node.op == "Blend":
        gate, kept, other = node.args
        return [(gate, 1.0, kept), (gate, -1.0, other)]
    if node.op == "Gate3":
        kept, other, gate = node.args
        return [(gate, 1.0, kept), (gate, -1.0, other)]
    return []


def _linear_behind(cell: Step, gate: int, bare: bool) -> tuple[int, float] | None:
    """The Linear that steers the gate, and how: −1 if a OneMinus lies between."""
    sign = 1.0
    node = cell.nodes[gate]
    while node.op == "OneMinus":
        sign = -sign
        gate = node.args[0]
        node = cell.nodes[gate]
    if node.op == "Sigmoid":
        gate = node.args[0]
    elif not bare:
        return None
    return (gate, sign) if cell.nodes[gate].op == "Linear" else None
