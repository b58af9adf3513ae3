"""The mutations of Jozefowicz et al. 2015, "Search procedure": of single nodes of a cell's graph.

What the notes at hand leave open, as decided here:

- Of the kinds that suit a node one is drawn, each as likely as the others.
- A node with one argument is an activation, one with two an elementwise operator; sources are not
  mutated.
- The parent of a node is one of its arguments, its ancestors are all that it depends on within the
  step, sources included. A node that is removed leaves its place to a drawn argument.
- Weights are shared: an ancestor that takes a node's place is then used twice, not copied.
- The "other random node" of a combination is one that does not depend on the node, so no mutation
  makes a cycle. Nor does any make a memory; a memory that h_t no longer reads is incompatible.
"""

import random
from collections.abc import Callable, Sequence

from archsearch.cell import Cell, CellError, Node
from archsearch.space.space import MAX_DRAWS, CellSpace, first_valid


class CellGraph:
    """Nodes that keep their numbers whatever changes around them; the cell itself stays as it is.

    Every weight matrix is a node of its own: a `Linear` over several arguments is taken apart into
    a sum of Linears over one each, and `to_cell` folds all such sums.
    """

    def __init__(self, cell: Cell) -> None:
        self.nodes: list[Node] = []
        place: list[int] = []  # index in the cell -> number here
        for node in cell.nodes:
            args = [place[arg] for arg in node.args]
            if node.op == "Linear":
                place.append(self._add_matrices(args, node.bias))
            else:
                place.append(self.add(node.op, *args))
        self._feeds = {name: place[index] for name, index in cell.outputs}

    def add(self, op: str, *args: int, bias: float = 0.0) -> int:
        """The number of a new node."""
        self.nodes.append(Node(op, args, bias))
        return len(self.nodes) - 1

    def replace(self, number: int, other: int) -> None:
        """Give what uses a node, the states among it, another one instead, which must not depend
        on it."""
        for user, node in enumerate(self.nodes):
            if number in node.args:
                self.set_args(user, [other if arg == number else arg for arg in node.args])
        self._feeds = {n: other if fed == number else fed for n, fed in self._feeds.items()}

    def set_args(self, number: int, args: Sequence[int]) -> None:
        node = self.nodes[number]
        self.nodes[number] = Node(node.op, tuple(args), node.bias)

    def live(self) -> list[int]:
        """The nodes that some state needs, arguments before their users."""
        return self._below(list(self._feeds.values()))

    def ancestors(self, number: int) -> list[int]:
        """The nodes that a node depends on within the step."""
        return self._below(self.nodes[number].args)

    def to_cell(self) -> Cell:
        """Raises CellError where the graph passes a limit of the language."""
        nodes: list[Node] = []
        place: dict[int, int] = {}
        for number in self.live():
            node = self.nodes[number]
            place[number] = len(nodes)
            nodes.append(Node(node.op, tuple(place[arg] for arg in node.args), node.bias))
        outputs = [(name, place[fed]) for name, fed in self._feeds.items()]
        return Cell.build(nodes, outputs, fold_linears=True)

    def _add_matrices(self, args: Sequence[int], bias: float) -> int:
        total = self.add("Linear", args[0], bias=bias)
        for arg in args[1:]:
            total = self.add("Add", total, self.add("Linear", arg))
        return total

    def _below(self, roots: Sequence[int]) -> list[int]:
        """The roots and all that they depend on, arguments before their users."""
        order: dict[int, None] = {}
        stack = [(root, False) for root in reversed(roots)]
        while stack:
            number, done = stack.pop()
            if done:
                order[number] = None
            elif number not in order:
                stack.append((number, True))
                stack.extend((arg, False) for arg in reversed(self.nodes[number].args))
        return list(order)


COMBINATIONS = ("Add", "Mult", "Sub")  # "sum, product or difference"


class GraphGrammar(CellSpace[Cell]):
    """A space with the nodes that a mutation may bring: `activations` of one argument, `operators`
    of two."""

    activations: tuple[str, ...]
    operators: tuple[str, ...]


def mutate_one_node(cell: Cell, space: GraphGrammar, rng: random.Random) -> Cell | None:
    """The cell with one drawn node mutated; None where MAX_DRAWS draws found nothing compatible."""

    def draw() -> Cell | None:
        graph = CellGraph(cell)
        _mutate(graph, rng.choice(_operators(graph)), space, rng)
        return _built(graph)

    return _first_compatible(draw, cell, space)


def mutate_nodes(cell: Cell, space: GraphGrammar, rng: random.Random) -> Cell | None:
    """The paper's own: a mutation probability is drawn from 0 to 1, and each node is mutated with
    it; what comes out incompatible is drawn again, probability and all."""

    def draw() -> Cell | None:
        graph = CellGraph(cell)
        probability = rng.random()
        for number in _operators(graph):
            if rng.random() < probability:
                _mutate(graph, number, space, rng)
        return _built(graph)

    return _first_compatible(draw, cell, space)


def _first_compatible(
    draw: Callable[[], Cell | None], cell: Cell, space: GraphGrammar
) -> Cell | None:
    drawn = (draw() for _ in range(MAX_DRAWS))
    return first_valid((child for child in drawn if child is not None), space, cell)


def _built(graph: CellGraph) -> Cell | None:
    """None where the graph is larger than the language of cells allows."""
    try:
        return graph.to_cell()
    except CellError:
        return None


def _operators(graph: CellGraph) -> list[int]:
    return [number for number in graph.live() if graph.nodes[number].args]


def _mutate(graph: CellGraph, number: int, space: GraphGrammar, rng: random.Random) -> None:
    mutations = [_insert_activation, _remove, _replace_with_ancestor, _combine]
    if len(graph.nodes[number].args) <= 2:
        mutations.append(_change_operator)
    rng.choice(mutations)(graph, number, space, rng)


def _change_operator(
    graph: CellGraph, number: int, space: GraphGrammar, rng: random.Random
) -> None:
    """Another activation for an activation, another elementwise operator for one."""
    node = graph.nodes[number]
    kind = space.activations if len(node.args) == 1 else space.operators
    op = rng.choice([op for op in kind if op != node.op])
    graph.replace(number, graph.add(op, *node.args))


def _insert_activation(
    graph: CellGraph, number: int, space: GraphGrammar, rng: random.Random
) -> None:
    """A new activation between the node and a drawn parent."""
    args = list(graph.nodes[number].args)
    place = rng.randrange(len(args))
    args[place] = graph.add(rng.choice(space.activations), args[place])
    graph.set_args(number, args)


def _remove(graph: CellGraph, number: int, _: GraphGrammar, rng: random.Random) -> None:
    graph.replace(number, rng.choice(graph.nodes[number].args))


def _replace_with_ancestor(
    graph: CellGraph, number: int, _: GraphGrammar, rng: random.Random
) -> None:
    graph.replace(number, rng.choice(graph.ancestors(number)))


def _combine(graph: CellGraph, number: int, _: GraphGrammar, rng: random.Random) -> None:
    """The sum, product or difference of a drawn ancestor and some other node."""
    ancestor, others = rng.choice(graph.ancestors(number)), graph.live()
    rng.shuffle(others)
    other = next(n for n in others if n != number and number not in graph.ancestors(n))
    graph.replace(number, graph.add(rng.choice(COMBINATIONS), ancestor, other))
