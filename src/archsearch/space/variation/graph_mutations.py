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
from collections.abc import Callable

from archsearch.cell import Cell, CellError
from archsearch.space.cell_graph import CellGraph
from archsearch.space.space import MAX_DRAWS, CellSpace, first_valid

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
