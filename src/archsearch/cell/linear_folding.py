"""Linear folding: a sum of linear maps is one linear map.

    (W₁a + b₁) ± (W₂a + U c + b₂) = (W₁ ± W₂) a ± U c + (b₁ ± b₂)

What is kept is the class of functions: whatever weights the maps have, one map has weights that
give the same, and the other way round. What is saved is a matrix for each value that was weighted
more than once, and all biases but one. The initial values of biases add up; the signs of weights do
not matter, since these begin symmetrically about zero. Training is not quite the same, two equal
matrices of one sum take the same steps twice; so cells that somebody wrote stay as they are, and
only what a search space makes up is folded.

Not folded:

- a map that something else uses too, such as a state, for then its value is needed by itself;
- what would be beyond the language: more than eight arguments, or too large a bias;
- a sum with other summands: Add(Add(Linear(a), c_tm1), Linear(b)). It would need other brackets,
  and the canonical form keeps all brackets;
- a map of a map. Linear(Linear(a)) could be one matrix, but a product of two trains otherwise than
  one does; for the graph space it is also what an inserted layer is before an activation follows.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from archsearch.cell.limits import MAX_BIAS
from archsearch.cell.node import Node
from archsearch.cell.operators import MAX_LINEAR_ARGS


def fold_linears(nodes: Sequence[Node], outputs: Iterable[int]) -> tuple[list[Node], list[int]]:
    """The graph with each sum or difference of `Linear`s as one, which has each argument once.

    nodes: in topological order; those that are equal must be one, and all must be needed.
    outputs: the nodes that states take their next values from.

    Returns the nodes that remain, and where each of them stood.
    """
    uses = Counter(arg for node in nodes for arg in node.args)
    uses.update(outputs)
    folded = list(nodes)
    absorbed: set[int] = set()
    for index, node in enumerate(nodes):
        if node.op == "Linear":
            folded[index] = _linear(node.args, node.bias)
        elif node.op in ("Add", "Sub") and all(uses[arg] == 1 for arg in node.args):
            left, right = (folded[arg] for arg in node.args)
            if (total := _sum(node.op, left, right)) is not None:
                folded[index] = total
                absorbed.update(node.args)
    kept = [index for index in range(len(nodes)) if index not in absorbed]
    place = {index: number for number, index in enumerate(kept)}
    renumbered = [
        Node(node.op, tuple(place[arg] for arg in node.args), node.bias)
        for node in (folded[index] for index in kept)
    ]
    return renumbered, kept


def _sum(op: str, left: Node, right: Node) -> Node | None:
    """The sum or difference of two nodes as one `Linear`, where there is one."""
    if left.op != "Linear" or right.op != "Linear":
        return None
    bias = left.bias + right.bias if op == "Add" else left.bias - right.bias
    total = _linear(left.args + right.args, bias)
    is_in_language = len(total.args) <= MAX_LINEAR_ARGS and abs(bias) <= MAX_BIAS
    return total if is_in_language else None


def _linear(args: Sequence[int], bias: float) -> Node:
    """With each argument once."""
    return Node("Linear", tuple(dict.fromkeys(args)), bias)
