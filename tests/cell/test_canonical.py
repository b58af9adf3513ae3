"""Equal cells are equal whatever their spelling, and only those."""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archsearch.cell import (
    MAX_HEIGHT,
    MAX_NODES,
    OPERATORS,
    Cell,
    CellError,
    Node,
    isomorphism,
    parse,
)

seeds = st.integers(0, 2**32 - 1)


class Graph:
    """Builds a graph: each call adds a node and gives its index."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []

    def __call__(self, op: str, *args: int) -> int:
        self.nodes.append(Node(op, args))
        return len(self.nodes) - 1

    def linears(self, count: int) -> list[int]:
        x, h = self("x_t"), self("h_tm1")
        return [self("Linear", x, h) for _ in range(count)]

    def total(self, parts: list[int], op: str = "Add") -> int:
        while len(parts) > 1:
            odd = parts[len(parts) & ~1 :]
            parts = [self(op, a, b) for a, b in zip(parts[::2], parts[1::2], strict=False)] + odd
        return parts[0]

    def cell(self) -> Cell:
        return Cell.build(self.nodes, [("h", len(self.nodes) - 1)])


@settings(deadline=None, max_examples=150)
@given(seed=seeds)
def test_spelling_does_not_matter(seed, random_graph, respelled):
    rng = random.Random(seed)
    graph = random_graph(rng)
    cell = Cell.build(*graph)
    other = Cell.build(*respelled(graph, rng))
    assert other == cell
    assert other.key == cell.key
    assert hash(other) == hash(cell)
    assert Cell.build(cell.nodes, cell.outputs).nodes == cell.nodes


@settings(deadline=None, max_examples=100)
@given(seed=seeds)
def test_one_other_operator_makes_another_cell(seed, random_graph):
    rng = random.Random(seed)
    cell = Cell.build(*random_graph(rng))
    unary = [i for i, node in enumerate(cell.nodes) if node.op in ("Tanh", "Sigmoid", "Sin")]
    binary = [i for i, node in enumerate(cell.nodes) if node.op in ("Add", "Mult", "Sub")]
    for candidates, ops in ((unary, ("Cos", "ReLU")), (binary, ("Div", "Max"))):
        for index in candidates[:3]:
            nodes = list(cell.nodes)
            nodes[index] = Node(rng.choice(ops), nodes[index].args)
            other = Cell.build(nodes, cell.outputs)
            assert other != cell
            assert other.key != cell.key


def shared_products(edges: list[tuple[int, int]]) -> Cell:
    graph = Graph()
    linears = graph.linears(6)
    graph("Linear", *[graph("Mult", linears[a], linears[b]) for a, b in edges])
    return graph.cell()


def test_two_triangles_are_no_hexagon():
    triangles = shared_products([(0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3)])
    interleaved = shared_products([(5, 3), (0, 2), (2, 4), (1, 3), (4, 0), (1, 5)])
    hexagon = shared_products([(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 0)])
    assert triangles == interleaved
    assert triangles.key == interleaved.key
    assert triangles != hexagon
    assert triangles.key != hexagon.key


def test_symmetric_memories_are_told_apart_by_their_ring():
    def ring(successors: list[int]) -> Cell:
        graph = Graph()
        x = graph("x_t")
        sources = [graph(f"m{i}_tm1") for i in range(6)]
        fed = [graph("Linear", x, sources[i], sources[j]) for i, j in enumerate(successors)]
        graph("Linear", *sources)
        outputs = [("h", len(graph.nodes) - 1), *((f"m{i}", n) for i, n in enumerate(fed))]
        return Cell.build(graph.nodes, outputs)

    assert ring([1, 2, 3, 4, 5, 0]) == ring([2, 3, 4, 5, 1, 0])
    assert ring([1, 2, 0, 4, 5, 3]) == ring([2, 3, 4, 5, 0, 1])
    assert ring([1, 2, 3, 4, 5, 0]) != ring([1, 2, 0, 4, 5, 3])


def test_weight_free_expressions_merge_and_linears_do_not():
    shared = parse("h_t = Add(Tanh(Mult(x_t, h_tm1)), Sin(Tanh(Mult(h_tm1, x_t))))")
    assert shared.num_nodes == 6
    twice = parse("h_t = Mult(Linear(x_t), Linear(x_t))")
    once = parse("a = Linear(x_t); h_t = Mult(a, a)")
    assert len(twice.linears) == 2
    assert len(once.linears) == 1
    assert twice != once


def test_order_matters_where_the_operator_is_not_commutative():
    assert parse("h_t = Sub(x_t, h_tm1)") != parse("h_t = Sub(h_tm1, x_t)")
    assert parse("h_t = Max(x_t, h_tm1)") == parse("h_t = Max(h_tm1, x_t)")


def test_dead_nodes_and_memories_are_dropped():
    cell = parse("a = Tanh(x_t); c_t = Add(c_tm1, a); d_t = d_tm1; h_t = Tanh(Linear(x_t, h_tm1))")
    assert cell == parse("h_t = Tanh(Linear(x_t, h_tm1))")
    assert cell.memories == ()


def test_a_memory_that_h_never_reads_stays_where_it_has_weights_of_its_own():
    cell = parse("h_t = Tanh(x_t); d_t = Sin(d_tm1); e_t = Tanh(Linear(x_t, e_tm1))")
    assert str(cell) == "h_t = Tanh(x_t); c_t = Tanh(Linear(x_t, c_tm1))"
    shared = parse("a = Linear(x_t); h_t = Tanh(a); c_t = Sin(a)")
    assert shared == parse("h_t = Tanh(Linear(x_t))")


def test_a_memory_that_only_another_live_memory_reads_is_live():
    cell = parse("d_t = Tanh(x_t); c_t = Tanh(d_tm1); h_t = Tanh(c_tm1)")
    assert cell.memories == ("c", "d")


def test_memories_that_are_always_equal_merge():
    same_node = parse("s = Tanh(Linear(x_t, c_tm1, d_tm1)); c_t = s; d_t = s; h_t = Sin(s)")
    assert same_node.memories == ("c",)
    as_h = parse("c_t = Tanh(Linear(x_t, c_tm1, h_tm1)); h_t = c_t")
    assert as_h == parse("h_t = Tanh(Linear(x_t, h_tm1, h_tm1))")
    in_step = parse("c_t = Add(x_t, c_tm1); d_t = Add(d_tm1, x_t); h_t = Mult(c_t, Sin(d_t))")
    assert in_step == parse("c_t = Add(x_t, c_tm1); h_t = Mult(c_t, Sin(c_t))")
    own_weights = parse("c_t = Linear(c_tm1, x_t); d_t = Linear(d_tm1, x_t); h_t = Mult(c_t, d_t)")
    assert own_weights.memories == ("c", "d")


def test_memories_are_named_in_order_of_use():
    cell = parse("later_t = Tanh(x_t); first_t = Sin(later_tm1); h_t = Add(x_t, first_tm1)")
    assert str(cell) == "h_t = Add(x_t, c_tm1); c_t = Sin(d_tm1); d_t = Tanh(x_t)"


def test_a_bias_is_part_of_the_cell_unless_zero():
    plain = parse("h_t = Tanh(Linear(x_t))")
    assert plain == parse("h_t = Tanh(Linear(x_t, bias=-0.0))")
    assert plain != parse("h_t = Tanh(Linear(x_t, bias=1))")


def test_limits():
    graph = Graph()
    graph.total(graph.linears(MAX_NODES))
    with pytest.raises(CellError, match=f"2001 distinct nodes; expected at most {MAX_NODES}"):
        graph.cell()
    graph = Graph()
    node = graph("x_t")
    for _ in range(MAX_HEIGHT + 1):
        node = graph("Tanh", node)
    with pytest.raises(CellError, match=f"at most {MAX_HEIGHT}"):
        graph.cell()
    memories = "; ".join(f"m{i}_t = Linear(m{i}_tm1, m{i + 1}_tm1)" for i in range(17))
    with pytest.raises(CellError, match="memories; expected at most 16"):
        parse(f"{memories}; m17_t = x_t; h_t = Tanh(m0_tm1)")


def seconds(graph: Graph) -> float:
    started = time.process_time()
    graph.cell()
    return time.process_time() - started


def tree(size: int) -> Graph:
    """About `size` nodes, as genetic programming grows them."""
    rng = random.Random(size)
    graph = Graph()
    parts = [graph(rng.choice(["Tanh", "Sigmoid"]), i) for i in graph.linears(size // 5)]
    while len(parts) > 1:
        rng.shuffle(parts)
        both = graph(rng.choice(["Add", "Mult"]), parts.pop(), parts.pop())
        parts.append(graph(rng.choice(["Tanh", "ReLU"]), both))
    return graph


def test_speed():
    # Generous bounds for a busy machine: about ten times what an idle one takes.
    assert min(seconds(tree(60)) for _ in range(5)) < 0.02
    assert min(seconds(tree(500)) for _ in range(3)) < 0.5
    wide = Graph()
    wide.total(wide.linears(499))
    assert seconds(wide) < 2
    long = Graph()
    a, b = long.linears(2)
    for _ in range(240):
        a, b = long("Linear", a, b), long("Linear", a, b)
    long("Add", a, b)
    assert seconds(long) < 2


def test_much_symmetry_is_named_in_time():
    hypercube = Graph()
    corners = hypercube.linears(64)
    hypercube.total(
        [hypercube("Linear", *[corners[i ^ 1 << bit] for bit in range(6)]) for i in range(64)]
    )
    latin_square = Graph()
    rows, columns, symbols = (latin_square.linears(8) for _ in range(3))
    latin_square(
        "Linear",
        *[
            latin_square(
                "Linear",
                *[latin_square("Linear", rows[i], columns[j], symbols[i ^ j]) for j in range(8)],
            )
            for i in range(8)
        ],
    )
    assert seconds(hypercube) < 3
    assert seconds(latin_square) < 3


def test_too_much_symmetry_is_an_error_not_a_hang(monkeypatch):
    monkeypatch.setattr(isomorphism, "MAX_NUMBERED_NODES", 20_000)  # ten times as fast as it is
    # The graphs of Cai, Fürer & Immerman, on a random cubic graph: each vertex becomes the even
    # choices among the pairs of its edges. Refinement alone sees nothing in them.
    rng = random.Random(0)
    ends = [vertex for vertex in range(60) for _ in range(3)]
    rng.shuffle(ends)
    graph = Graph()
    pairs: dict[int, list[tuple[int, int]]] = {vertex: [] for vertex in range(60)}
    linears = graph.linears(len(ends))
    for i in range(0, len(ends), 2):
        for end in ends[i : i + 2]:
            pairs[end].append((linears[i], linears[i + 1]))
    gadgets = []
    for vertex in range(60):
        (a, b), (c, d), (e, f) = pairs[vertex]
        inner = [graph("Linear", *even) for even in ((a, c, e), (a, d, f), (b, c, f), (b, d, e))]
        gadgets.append(graph("Linear", *inner))
    graph.total(gadgets)
    started = time.process_time()
    with pytest.raises(CellError, match="too symmetric"):
        graph.cell()
    assert time.process_time() - started < 5


def test_build_explains_what_is_wrong():
    x = Node("x_t")
    for nodes, outputs, problem in (
        ([], [], "output is missing"),
        ([x], [("c", 0)], "output is missing"),
        ([x], [("h", 1)], "h must be one of the 1 nodes, got 1"),
        ([x], [("h", 0), ("h", 0)], "h is given twice"),
        ([x], [("h", 0), ("x", 0)], "memory"),
        ([x], [("h", 0), ("c d", 0)], "memory"),
        ([x, Node("Tahn", (0,))], [("h", 1)], "did you mean Tanh"),
        ([x, Node("Tanh", (1,))], [("h", 1)], r"earlier nodes 0 to 0, got \(1,\); a cycle"),
        ([x, Node("Tanh", (-1,))], [("h", 1)], "earlier nodes"),
        ([x, Node("Add", (0,))], [("h", 1)], "Add takes 2 arguments, got 1"),
        ([Node("x_t", (0,))], [("h", 0)], "a source has no arguments"),
        ([Node("c_tm1")], [("h", 0)], "no output gives this memory"),
        ([x, Node("Tanh", (0,), 1.0)], [("h", 1)], "only Linear has a bias"),
        ([x, Node("Linear", (0,), float("nan"))], [("h", 1)], "expected a bias between"),
        ([x, Node("Linear", (0,), 1e999)], [("h", 1)], "expected a bias between"),
    ):
        with pytest.raises(CellError, match=problem):
            Cell.build(nodes, outputs)
    with pytest.raises(CellError, match="expected one for each of 1 nodes, got 2"):
        Cell.build([x], [("h", 0)], ["a", "b"])


def test_every_operator_can_be_built():
    for operator in OPERATORS.values():
        for count in range(operator.min_args, operator.max_args + 1):
            cell = Cell.build([Node("x_t"), Node(operator.name, (0,) * count)], [("h", 1)])
            assert cell.nodes[1].op == operator.name
