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
        if not isinstance(node, Node) or not isinstance(node.op, str):
            raise CellError(f"node {index}: expected a Node with a name, got {shown(node)}")
        where = f"node {index} ({shown(node.op)})"
        if node.op in OPERATORS:
            _check_arity(node, where)
        else:
            _check_source(node, states, where)
        _check_args(node, index, where)
        check_bias(node.op, node.bias, where)


def _check_outputs(outputs: Sequence[tuple[str, int]], num_nodes: int) -> set[str]:
    states: set[str] = set()
    for output in outputs:
        if not (isinstance(output, tuple) and len(output) == 2):
            raise CellError(f"outputs: expected pairs (name, node index), got {shown(output)}")
        name, index = output
        if not isinstance(name, str) or not NAME.fullmatch(name) or name == "x":
            raise CellError(
                f'outputs: expected "h" or the name of a memory such as "c", got {shown(name)}'
            )
        if name in states:
            raise CellError(f"outputs: {name} is given twice; each state has one next value")
        if not _is_index(index) or not 0 <= index < num_nodes:
            raise CellError(
                f"outputs: {name} must be one of the {num_nodes} nodes, got {shown(index)}"
            )
        states.add(name)
    if "h" not in states:
        raise CellError('outputs: the cell\'s output is missing; expected a pair ("h", node index)')
    return states


def _check_arity(node: Node, where: str) -> None:
    count = len(node.args)
    if problem := arity_problem(node.op, count):
        raise CellError(f"{where}: {problem}")


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


def _check_args(node: Node, index: int, where: str) -> None:
    if not isinstance(node.args, tuple):
        raise CellError(f"{where}: expected a tuple of node indices, got {shown(node.args)}")
    for arg in node.args:
        if not _is_index(arg) or not 0 <= arg < index:
            raise CellError(
                f"{where}: expected arguments among the earlier nodes 0 to {index - 1}, "
                f"got {shown(arg)}; a cycle must go through a memory"
            )


def check_bias(op: str, bias: float, where: str) -> None:
    """Raise CellError unless bias is a finite number in range, and 0 for all but Linear."""
    if isinstance(bias, bool) or not isinstance(bias, int | float):
        raise CellError(f"{where}: expected a number as bias, got {shown(bias)}")
    if not abs(bias) <= MAX_BIAS:  # so written, it catches NaN
        raise CellError(
            f"{where}: expected a bias between −{MAX_BIAS:g} and {MAX_BIAS:g}, got {shown(bias)}"
        )
    if bias != 0 and op != "Linear":
        raise CellError(f"{where}: only Linear has a bias, got bias={shown(bias)}")


def _is_index(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
