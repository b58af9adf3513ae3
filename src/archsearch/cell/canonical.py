"""The canonical form of a cell: equal cells become the same nodes in the same order.

Four steps: drop what is dead, merge what is always equal, order the graph
canonically (isomorphism.py), and number the nodes as a walk from h_t meets them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from archsearch.cell.errors import CellError
from archsearch.cell.isomorphism import canonical_order
from archsearch.cell.limits import (
    MAX_GIVEN_MEMORIES,
    MAX_HEIGHT,
    MAX_MEMORIES,
    MAX_NODES,
)
from archsearch.cell.linear_folding import fold_linears
from archsearch.cell.node import FIXED_SOURCES, MEMORY_NAMES, PREVIOUS, Node

# Codes of edges, from the user of a value to the value and back, and along the recurrence.
_ANY_ARGUMENT, _ANY_USER, _FEEDS, _IS_FED = 0, 1, 2, 3
_FIRST_ARGUMENT = 4  # then 5 for its user, 6 for the second argument, and so on


@dataclass(frozen=True, slots=True)
class Form:
    """A graph in canonical form, and for each node where it stood in the given graph."""

    nodes: tuple[Node, ...]
    outputs: tuple[tuple[str, int], ...]
    origins: tuple[tuple[int, ...], ...]


@dataclass(slots=True)
class _Graph:
    """Nodes after merging: a state's sources name the state's class ("h", "m0", "m1", …)."""

    nodes: list[Node]
    feeds: dict[str, int]  # class of states -> the node that gives its next value
    origins: list[list[int]]


def canonical_form(
    nodes: Sequence[Node], outputs: Sequence[tuple[str, int]], *, fold: bool = False
) -> Form:
    """The canonical form of a checked graph. Raises CellError where a limit is passed.

    fold: whether sums of linear maps become one, which the form itself does not ask for.
    """
    feeds = dict(outputs)
    graph = _merged(nodes, feeds, _roots(nodes, feeds))
    if fold:
        graph = _folded(graph)
    heights = node_heights(graph.nodes)
    _check_limits(graph, heights)
    colours = _structural_colours(graph, heights)
    order = canonical_order(colours, _adjacency(graph))
    rank = [0] * len(order)
    for position, index in enumerate(order):
        rank[index] = position
    return _numbered(graph, rank)


def node_heights(nodes: Sequence[Node]) -> list[int]:
    """For each node the number of operators on the longest path up to it; 0 for a source."""
    heights: list[int] = []
    for node in nodes:
        heights.append(1 + max(heights[arg] for arg in node.args) if node.args else 0)
    return heights


def _roots(nodes: Sequence[Node], feeds: dict[str, int]) -> list[str]:
    """The states for whose sake nodes are kept: h, and memories with weights of their own.

    What is dropped changes neither h_t nor the parameters. So a memory that h_t never reads stays
    where weights hang on it alone: NAS-Bench-NLP has such cells, and counts the weights.
    """
    needed = _dependencies("h", nodes, feeds)
    own_weights = (
        memory
        for memory in feeds
        if any(nodes[i].op == "Linear" for i in _dependencies(memory, nodes, feeds) - needed)
    )
    return ["h", *own_weights]


def _dependencies(state: str, nodes: Sequence[Node], feeds: dict[str, int]) -> set[int]:
    """The nodes that a state depends on, through the recurrence too."""
    found: set[int] = set()
    waiting = [feeds[state]]
    while waiting:
        index = waiting.pop()
        if index in found:
            continue
        found.add(index)
        waiting.extend(nodes[index].args)
        previous = nodes[index].state
        if previous is not None:
            waiting.append(feeds[previous])
    return found


def _merged(nodes: Sequence[Node], feeds: dict[str, int], roots: list[str]) -> _Graph:
    """Merge weight-free nodes that are always equal, and states that are.

    All states start at zero, so two are equal for ever if their next values are equal whenever
    they are: begin with all states in one class and split classes until that holds (optimistic
    value numbering, Alpern, Wegman & Zadeck 1988). Linear nodes never merge.
    """
    live = sorted(set().union(*(_dependencies(root, nodes, feeds) for root in roots)))
    states = sorted({state for i in live if (state := nodes[i].state) is not None} | {*roots})
    _check_memories(len(states) - 1, MAX_GIVEN_MEMORIES)  # each may cost a pass over the nodes
    classes = dict.fromkeys(states, 0)
    while True:
        numbers = _value_numbers(nodes, live, classes)
        found: dict[tuple[int, int], int] = {}
        split = {s: found.setdefault((classes[s], numbers[feeds[s]]), len(found)) for s in states}
        if len(found) == len(set(classes.values())):
            break
        classes = split

    name = {classes[state]: f"m{classes[state]}" for state in states} | {classes["h"]: "h"}
    merged: list[Node] = []
    origins: list[list[int]] = []
    place: dict[int, int] = {}  # value number -> index in merged
    for index in live:
        number = numbers[index]
        if number in place:
            origins[place[number]].append(index)
            continue
        place[number] = len(merged)
        origins.append([index])
        node = nodes[index]
        state = node.state
        op = node.op if state is None else name[classes[state]] + PREVIOUS
        args = tuple(place[numbers[arg]] for arg in node.args)
        merged.append(Node(op, args, float(node.bias) or 0.0))  # −0.0 is 0.0
    return _Graph(merged, {name[classes[s]]: place[numbers[feeds[s]]] for s in states}, origins)


def _value_numbers(
    nodes: Sequence[Node], live: list[int], classes: dict[str, int]
) -> dict[int, int]:
    numbers: dict[int, int] = {}
    found: dict[tuple[object, ...], int] = {}
    for index in live:
        node = nodes[index]
        key: tuple[object, ...]
        if node.op == "Linear":
            key = ("Linear", index)
        elif node.args:
            args = [numbers[arg] for arg in node.args]
            key = (node.op, *(sorted(args) if node.is_commutative else args))
        else:
            state = node.state
            key = (node.op,) if state is None else (PREVIOUS, classes[state])
        numbers[index] = found.setdefault(key, len(found))
    return numbers


def _folded(graph: _Graph) -> _Graph:
    nodes, kept = fold_linears(graph.nodes, graph.feeds.values())
    feeds = {state: kept.index(index) for state, index in graph.feeds.items()}
    return _Graph(nodes, feeds, [graph.origins[index] for index in kept])


def _check_limits(graph: _Graph, heights: list[int]) -> None:
    if len(graph.nodes) > MAX_NODES:
        raise CellError(
            f"the cell has {len(graph.nodes)} distinct nodes; expected at most {MAX_NODES}"
        )
    if max(heights) > MAX_HEIGHT:
        raise CellError(
            f"the cell has {max(heights)} operators on its longest path; "
            f"expected at most {MAX_HEIGHT}"
        )
    _check_memories(len(graph.feeds) - 1, MAX_MEMORIES)


def _check_memories(count: int, limit: int) -> None:
    if count > limit:
        raise CellError(f"the cell has {count} memories; expected at most {limit}")


def _structural_colours(graph: _Graph, heights: list[int]) -> list[int]:
    """Colours from the bottom up: sources in their written order, then by height and structure."""
    colours = [0] * len(graph.nodes)
    levels: list[list[int]] = [[] for _ in range(max(heights) + 1)]
    for index, height in enumerate(heights):
        levels[height].append(index)
    self_fed = {index for name, index in graph.feeds.items() if _is_source_of(graph, index, name)}
    read = {node.state for node in graph.nodes}
    unread = {index for name, index in graph.feeds.items() if name not in read}
    output = graph.feeds["h"]
    next_colour = 0
    for level in levels:
        keys: dict[int, tuple[object, ...]] = {}
        for index in level:
            node = graph.nodes[index]
            args = [colours[arg] for arg in node.args]
            if node.is_commutative:
                args.sort()
            kind = _source_rank(node.op) if not node.args else node.op
            marks = (index == output, index in self_fed, index in unread)
            keys[index] = (kind, node.bias, args, *marks)
        previous: tuple[object, ...] | None = None
        for index in sorted(level, key=keys.__getitem__):
            if keys[index] != previous:
                previous = keys[index]
                next_colour += 1
            colours[index] = next_colour
    return colours


def _is_source_of(graph: _Graph, index: int, state: str) -> bool:
    return graph.nodes[index].op == state + PREVIOUS


def _source_rank(source: str) -> int:
    return FIXED_SOURCES.index(source) if source in FIXED_SOURCES else len(FIXED_SOURCES)


def _adjacency(graph: _Graph) -> list[list[tuple[int, int]]]:
    """For each node its neighbours, with one label for all that joins the two."""
    codes: list[dict[int, list[int]]] = [{} for _ in graph.nodes]

    def join(user: int, value: int, forward: int, backward: int) -> None:
        codes[user].setdefault(value, []).append(forward)
        codes[value].setdefault(user, []).append(backward)

    for index, node in enumerate(graph.nodes):
        if node.is_commutative:
            for arg in node.args:
                join(index, arg, _ANY_ARGUMENT, _ANY_USER)
        else:
            for position, arg in enumerate(node.args):
                code = _FIRST_ARGUMENT + 2 * position
                join(index, arg, code, code + 1)
        state = node.state
        if state is not None and graph.feeds[state] != index:
            join(graph.feeds[state], index, _FEEDS, _IS_FED)
    joined = [{other: tuple(sorted(found)) for other, found in each.items()} for each in codes]
    distinct = sorted({label for each in joined for label in each.values()})
    label_number = {label: number for number, label in enumerate(distinct)}
    return [[(other, label_number[label]) for other, label in each.items()] for each in joined]


def _numbered(graph: _Graph, rank: list[int]) -> Form:
    """Number the nodes in the order in which a walk from h_t leaves them; then each memory's."""
    arguments = [
        sorted(node.args, key=rank.__getitem__) if node.is_commutative else list(node.args)
        for node in graph.nodes
    ]
    number: dict[int, int] = {}
    states = ["h"]
    unwalked = sorted(graph.feeds, key=lambda state: rank[graph.feeds[state]], reverse=True)
    for state in states:  # grows while it is read
        for index in _postorder(graph.feeds[state], arguments, number):
            number[index] = len(number)
            source = graph.nodes[index].state
            if source is not None and source not in states:
                states.append(source)
        if state == states[-1]:  # what is left is read by nothing so far
            unwalked = [other for other in unwalked if other not in states]
            states.extend(unwalked[-1:])
    name = dict(zip(states, ("h", *MEMORY_NAMES), strict=False))

    nodes = []
    for index in number:
        node = graph.nodes[index]
        if node.state is not None:
            nodes.append(Node(name[node.state] + PREVIOUS))
        else:
            args = arguments[index]
            if node.is_commutative:
                args = _in_written_order(args, graph, states)
            nodes.append(Node(node.op, tuple(number[arg] for arg in args), node.bias))
    outputs = tuple((name[state], number[graph.feeds[state]]) for state in states)
    return Form(tuple(nodes), outputs, tuple(tuple(graph.origins[index]) for index in number))


def _postorder(root: int, arguments: list[list[int]], done: dict[int, int]) -> list[int]:
    result: list[int] = []
    seen = set(done)
    stack = [(root, False)]
    while stack:
        index, expanded = stack.pop()
        if expanded:
            result.append(index)
        elif index not in seen:
            seen.add(index)
            stack.append((index, True))
            stack.extend((arg, False) for arg in reversed(arguments[index]))
    return result


def _in_written_order(args: list[int], graph: _Graph, states: list[str]) -> list[int]:
    """Sources first, memories by name; operators stay in canonical order behind them."""

    def place(index: int) -> tuple[int, int]:
        node = graph.nodes[index]
        if node.args:
            return (len(FIXED_SOURCES) + 1, 0)
        return (_source_rank(node.op), states.index(node.state) if node.state else 0)

    return sorted(args, key=place)
