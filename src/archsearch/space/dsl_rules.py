"""The filters of the DSL: each a function that says what is wrong with an expression, if anything.

Schrimpf et al. 2017, "Explicit restrictions on generated architectures", and the appendix on the
order of arguments. Which of them a space keeps, and with what limits, is its own affair.
"""

from collections.abc import Callable, Sequence

from archsearch.space.expression import MEMORY_SOURCE, Expression, arity, cell_operator
from archsearch.space.zero_signal import is_zero

Rule = Callable[[Expression], str | None]

_SUMS = ("Add", "Sub")


# --- what holds wherever c_t comes from ---


def nodes(expression: Expression, *, limit: int) -> str | None:
    num_nodes = expression.num_nodes
    return None if num_nodes <= limit else f"expected at most {limit} nodes, got {num_nodes}"


def height(expression: Expression, *, limit: int) -> str | None:
    if expression.height <= limit:
        return None
    return f"expected a height of at most {limit}, got {expression.height}"


def tokens(
    expression: Expression, *, operators: Sequence[str], sources: Sequence[str]
) -> str | None:
    for node in expression.nodes():
        known = operators if node.args else sources
        if node.token not in known or len(node.args) != arity(node.token):
            kind = "an operator" if node.args else "a source"
            return f"expected {kind} among {', '.join(known)}, got {_short(node)}"
    return None if expression.args else f"h_t = {expression.text}: expected an operator"


def inputs(expression: Expression) -> str | None:
    """h_t depends on x_t and h_tm1."""
    return lack_of_inputs(expression.tokens)


def lack_of_inputs(found: Sequence[str]) -> str | None:
    """The same from the tokens alone."""
    missing = [source for source in ("x_t", "h_tm1") if source not in found]
    return f"h_t does not depend on {' and '.join(missing)}" if missing else None


def gate(expression: Expression) -> str | None:
    """Gate3 takes the sigmoid of its third argument: none stands there already."""
    for node in expression.nodes():
        if node.token == "Gate3" and node.args[2].token == "Sigmoid":
            return f"{_short(node)} takes the sigmoid of a Sigmoid"
    return None


def stacking(expression: Expression) -> str | None:
    """No operator stands directly over its like."""
    for node in expression.nodes():
        for arg in node.args:
            if arg.token == node.token:
                return f"{node.token} of {arg.token} in {_short(node)}"
    return None


# --- what depends on where c_t comes from ---


def memory(expression: Expression) -> str | None:
    """c_tm1 and c_t need each other; c_t comes from an operator below h_t."""
    count = expression.num_memory_places
    if count != int(expression.uses_memory):
        used = "used" if expression.uses_memory else "not used"
        return f"{MEMORY_SOURCE} is {used}, and c_t comes from {count} nodes"
    if expression.gives_memory or ((given := expression.memory) and not given.args):
        return "c_t comes from h_t or from a source: expected an operator below h_t"
    return None


def memory_recurrence(expression: Expression) -> str | None:
    """c_t depends on c_tm1."""
    given = expression.memory
    if given is None or given.uses_memory:
        return None
    return f"c_t = {_short(given)} does not depend on {MEMORY_SOURCE}"


def memory_nodes(expression: Expression, *, least: int) -> str | None:
    """What gives c_t is no trivial recurrence."""
    given = expression.memory
    if given is None or (num_nodes := given.num_nodes) >= least:
        return None
    return f"c_t = {_short(given)}: expected at least {least} nodes, got {num_nodes}"


def repeated_map(expression: Expression) -> str | None:
    """No sum of matrices has the same argument twice: the two would be one matrix.

    Arguments that hold weights are different ones. What gives c_t is a part by itself.
    """
    for node in expression.nodes():
        if node.token not in _SUMS:
            continue
        args = [matrix.args[0].text for matrix in _summed_matrices(node)]
        weightless = [text for text in args if "MM" not in text]
        if len(set(weightless)) < len(weightless):
            return f"a matrix of the same argument twice in {_short(node)}"
    return None


def _summed_matrices(node: Expression) -> list[Expression]:
    """The matrices that the node is the sum of, itself if it is one; none where it is more."""
    if node.token == "MM":
        return [node]
    if node.token not in _SUMS or any(arg.gives_memory for arg in node.args):
        return []
    parts = [_summed_matrices(arg) for arg in node.args]
    return [matrix for part in parts for matrix in part] if all(parts) else []


def zero_signal(expression: Expression) -> str | None:
    """No state is 0 at every step, whatever the weights."""
    states = {"h_tm1": expression}
    if (given := expression.memory) is not None:
        states[MEMORY_SOURCE] = given
    zero = set(states)
    while woken := {state for state in zero if not _is_zero(states[state], zero)}:
        zero -= woken
    return f"{' and '.join(sorted(zero))} would stay 0" if zero else None


def canonical_order(expression: Expression) -> str | None:
    misplaced = expression.misplaced
    if misplaced is None:
        return None
    return f"expected {_short(misplaced.ordered())}, got {_short(misplaced)}"


def _is_zero(node: Expression, zero: set[str]) -> bool:
    """Whether the value is surely 0 where these sources are. A MM has a bias and never is."""
    if not node.args:
        return node.token in zero
    return is_zero(cell_operator(node.token), [_is_zero(arg, zero) for arg in node.args])


def _short(node: Expression) -> str:
    return node.text if len(node.text) <= 60 else f"{node.text[:57]}…"
