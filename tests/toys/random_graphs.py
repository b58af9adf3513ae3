"""Random graphs for the tests of cells and of their drawings, as fixtures."""

import random
from collections.abc import Callable

import pytest

from archsearch.cell import OPERATORS, Node

Graph = tuple[list[Node], list[tuple[str, int]]]


@pytest.fixture(scope="session")
def random_graph() -> Callable[[random.Random], Graph]:
    return _random_graph


@pytest.fixture(scope="session")
def respelled() -> Callable[[Graph, random.Random], Graph]:
    return _respelled


def _random_graph(rng: random.Random) -> Graph:
    """A graph of up to 40 nodes and 4 memories; few kinds of operators make it symmetric."""
    operators = rng.choice(
        [
            list(OPERATORS),
            ["Linear"],
            ["Linear", "Add", "Mult"],
            ["Linear", "Sub", "Tanh", "Sigmoid"],
        ]
    )
    memories = rng.randint(0, 4)
    nodes = [Node("x_t"), Node("x_tm1"), Node("h_tm1")]
    nodes += [Node(f"m{i}_tm1") for i in range(memories)]
    num_sources = len(nodes)
    from_sources = rng.choice([0.1, 0.3, 0.6])
    for _ in range(rng.randint(1, 40)):
        operator = OPERATORS[rng.choice(operators)]
        args = []
        for _ in range(rng.randint(operator.min_args, min(operator.max_args, 3))):
            recent = rng.randrange(max(0, len(nodes) - 8), len(nodes))
            args.append(rng.randrange(num_sources) if rng.random() < from_sources else recent)
        bias = rng.choice([0.0, 0.0, 1.0, -0.1]) if operator.name == "Linear" else 0.0
        nodes.append(Node(operator.name, tuple(args), bias))
    outputs = [("h", len(nodes) - 1)]
    outputs += [(f"m{i}", rng.randrange(len(nodes))) for i in range(memories)]
    return nodes, outputs


def _respelled(graph: Graph, rng: random.Random) -> Graph:
    """The same cell in another order, with other memory names and commutative arguments swapped."""
    nodes, outputs = graph
    memories = [name for name, _ in outputs if name != "h"]
    names = [f"other{i}" for i in range(len(memories))]
    rng.shuffle(names)
    renamed = {"h": "h", **dict(zip(memories, names, strict=True))}

    waiting = list(range(len(nodes)))
    place: dict[int, int] = {}
    result: list[Node] = []
    while waiting:
        ready = [i for i in waiting if all(arg in place for arg in nodes[i].args)]
        index = rng.choice(ready)
        waiting.remove(index)
        node = nodes[index]
        args = [place[arg] for arg in node.args]
        if node.op in OPERATORS and OPERATORS[node.op].commutative:
            rng.shuffle(args)
        op = node.op if node.state is None else f"{renamed[node.state]}_tm1"
        place[index] = len(result)
        result.append(Node(op, tuple(args), node.bias))
    changed = [(renamed[name], place[index]) for name, index in outputs]
    rng.shuffle(changed)
    return result, changed
