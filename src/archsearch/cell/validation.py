"""Is a graph, as given to `Cell.build`, well formed? Each problem is a `CellError` of its own."""

from collections.abc import Sequence

from archsearch.cell.errors import CellError, did_you_mean, shown
from archsearch.cell.limits import MAX_BIAS
from archsearch.cell.node import FIXED_SOURCES, NAME, PREVIOUS, Node
from archsearch.cell.operators import OPERATORS


def check_graph(nodes: Sequence[Node], outputs: Sequence[tuple[str, int]]) -> None:
    """Raise CellError unless nodes are in topological order and outputs define every state."""
    states = _check_outputs(outputs, len(nodes))
    for index, node in enumerate(nodes):
        where = f"node {index} ({shown(node.op)})"
        if node.op in OPERATORS:
            if problem := arity_problem(node.op, len(node.args)):
                raise CellError(f"{where}: {problem}")
        else:
            _check_source(node, states, where)
        if not all(0 <= arg < index for arg in node.args):
            raise CellError(
                f"{where}: expected arguments among the earlier nodes 0 to {index - 1}, "
                f"got {shown(node.args)}; a cycle must go through a memory"
            )
        if not abs(node.bias) <= MAX_BIAS:  # so written, it catches NaN
            raise CellError(
                f"{where}: expected a bias between −{MAX_BIAS:g} and {MAX_BIAS:g}, got {node.bias}"
            )
        if node.bias != 0 and node.op != "Linear":
            raise CellError(f"{where}: only Linear has a bias, got bias={node.bias}")


def _check_outputs(outputs: Sequence[tuple[str, int]], num_nodes: int) -> set[str]:
    states: set[str] = set()
    for name, index in outputs:
        if not NAME.fullmatch(name) or name == "x":
            raise CellError(
                f'outputs: expected "h" or the name of a memory such as "c", got {shown(name)}'
            )
        if name in states:
            raise CellError(f"outputs: {name} is given twice; each state has one next value")
        if not 0 <= index < num_nodes:
            raise CellError(f"outputs: {name} must be one of the {num_nodes} nodes, got {index}")
        states.add(name)
    if "h" not in states:
        raise CellError('outputs: the cell\'s output is missing; expected a pair ("h", node index)')
    return states


def arity_problem(op: str, count: int) -> str | None:
    """What is wrong with `count` arguments for the operator, if anything."""
    operator = OPERATORS[op]
    low, high = operator.min_args, operator.max_args
    if low <= count <= high:
        return None
    wanted = f"{low}" if low == high else f"{low} to {high}"
    plural = "" if wanted == "1" else "s"
    hint = ""
    if count > high > 1 and operator.commutative:
        hint = f"; nest them: {op}(a, {op}(b, …))" if op != "Linear" else "; Add two Linears"
    return f"{op} takes {wanted} argument{plural}, got {count}{hint}"


def _check_source(node: Node, states: set[str], where: str) -> None:
    if node.op not in FIXED_SOURCES and not node.op.endswith(PREVIOUS):
        known = [*OPERATORS, *FIXED_SOURCES]
        raise CellError(f"{where}: unknown operator or source; {did_you_mean(node.op, known)}")
    if node.args:
        raise CellError(f"{where}: a source has no arguments, got {shown(node.args)}")
    if node.op in FIXED_SOURCES:
        return
    if node.op.removesuffix(PREVIOUS) not in states:
        raise CellError(
            f"{where}: no output gives this memory its next value; outputs: "
            f"{shown(', '.join(sorted(states)))}"
        )
