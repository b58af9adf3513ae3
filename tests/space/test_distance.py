import random
import time
from collections.abc import Iterator
from itertools import permutations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archsearch.cell import Cell, Node, parse, zoo
from archsearch.space import shape_distance, tree_distance
from archsearch.space.distance import cell_shape, common_region, distance_bound
from archsearch.space.tree import Tree

# Trees as nested tuples, of up to three arguments a node.
leaf = st.just(Tree("linear"))
trees = st.recursive(
    leaf,
    lambda below: st.lists(below, min_size=1, max_size=3).map(lambda c: Tree("op", tuple(c))),
    max_leaves=6,
)


def distance(a: Tree, b: Tree, beta: float = 0.5) -> float:
    return shape_distance(a.shape, b.shape, beta)


def rotations(tree: Tree) -> Iterator[Tree]:
    for order in permutations(range(len(tree.children))):
        for children in product(*(list(rotations(tree.children[i])) for i in order)):
            yield Tree(tree.element, children)


def region(a: Tree, b: Tree) -> tuple[int, int]:
    """Nodes and levels of the common region of two trees as they stand."""
    if not a.children or len(a.children) != len(b.children):
        return 1, 1
    below = [region(x, y) for x, y in zip(a.children, b.children, strict=True)]
    return 1 + sum(size for size, _ in below), 1 + max(depth for _, depth in below)


def equation_1(a: Tree, b: Tree, beta: float) -> float:
    size, depth = a.num_nodes + b.num_nodes, a.height + b.height + 2
    if size == 2:
        return 0.0
    shared_size, shared_depth = region(a, b)
    return beta * ((size - 2 * shared_size) / (size - 2)) + (1 - beta) * (
        (depth - 2 * shared_depth) / (depth - 2)
    )


@given(trees, trees, st.sampled_from([0.0, 0.3, 0.5, 1.0]))
@settings(max_examples=60, deadline=None)
def test_is_equation_1_at_the_best_rotation(a: Tree, b: Tree, beta: float) -> None:
    brute_force = min(equation_1(a, rotated, beta) for rotated in rotations(b))
    assert distance(a, b, beta) == pytest.approx(brute_force, abs=1e-12)


@given(trees, trees)
@settings(max_examples=60, deadline=None)
def test_is_symmetric_bounded_and_blind_to_rotations(a: Tree, b: Tree) -> None:
    value = distance(a, b)
    assert 0 <= value <= 1
    assert value == distance(b, a)
    assert distance_bound(a.shape, b.shape) <= value
    assert all(distance(a, rotated) == 0 for rotated in rotations(a))
    assert (value == 0) == (a.shape is b.shape)


@given(trees, trees)
@settings(max_examples=60, deadline=None)
def test_common_region_has_the_nodes_and_levels_of_the_distance(a: Tree, b: Tree) -> None:
    pairs = common_region(a, b)
    size, depth = a.num_nodes + b.num_nodes, a.height + b.height + 2
    shared_depth = 1 + max(len(path) for path, _ in pairs)
    assert pairs[0] == ((), ())
    assert len({path for path, _ in pairs}) == len({path for _, path in pairs}) == len(pairs)
    if size > 2:
        value = 0.5 * ((size - 2 * len(pairs)) / (size - 2)) + 0.5 * (
            (depth - 2 * shared_depth) / (depth - 2)
        )
        assert value == pytest.approx(distance(a, b), abs=1e-12)


def test_of_cells() -> None:
    a = parse("h_t = Tanh(Add(Mult(Sigmoid(Linear(x_t, h_tm1)), c_tm1), x_t)); c_t = Tanh(x_t)")
    mirrored = parse("h_t = ReLU(Mult(x_t, Add(h_tm1, Sigmoid(Linear(x_t)))))")
    assert tree_distance(a, mirrored) == 0  # elements and memories do not count
    # Tanh(Linear): 2 nodes, 2 levels; a: 7 and 5. Shared: the root and the pair below it, where
    # the region stops. 0.5 · (9 − 4) / 7 + 0.5 · (7 − 4) / 5.
    assert tree_distance(zoo["rnn"], a) == pytest.approx(0.5 * 5 / 7 + 0.5 * 3 / 5)
    assert tree_distance(zoo["rnn"], a, beta=1.0) == pytest.approx(5 / 7)


def test_linear_over_expressions_is_a_node_with_its_arguments() -> None:
    flat = parse("Tanh(Linear(x_t, h_tm1))")
    deep = parse("Tanh(Linear(x_t, Mult(h_tm1, Sigmoid(Linear(x_t)))))")
    assert cell_shape(flat).size == 2
    assert cell_shape(deep).size == 7


def test_shared_nodes_are_counted_as_often_as_used_without_unfolding() -> None:
    def doubled(levels: int) -> Cell:
        nodes = [Node("x_t"), Node("h_tm1"), Node("Add", (0, 1))]
        for _ in range(levels):
            nodes += [Node("Tanh", (len(nodes) - 1,)), Node("Mult", (len(nodes) - 1, len(nodes)))]
        return Cell.build(nodes, [("h", len(nodes) - 1)])

    a, b = doubled(60), doubled(61)
    assert cell_shape(a).size > 2**60
    assert 0 < tree_distance(a, b) < 0.5


def test_beta_out_of_range() -> None:
    with pytest.raises(ValueError, match=r"beta: expected a number between 0 and 1, got 1\.5"):
        tree_distance(zoo["lstm"], zoo["gru"], beta=1.5)


def test_a_thousand_pairs_of_60_nodes_in_two_seconds(random_tree) -> None:
    rng = random.Random(7)
    cells = [cell_of(random_tree(60, rng)) for _ in range(120)]
    pairs = [rng.sample(cells, 2) for _ in range(1000)]
    began = time.process_time()
    for a, b in pairs:
        tree_distance(a, b)
    # 0.4 s when written, on one 2020s server core; as much again and more where cores are shared.
    assert time.process_time() - began < 2.0


def cell_of(tree: Tree) -> Cell:
    nodes = [Node("x_t"), Node("h_tm1")]

    def add(tree: Tree) -> int:
        args = tuple(add(child) for child in tree.children)
        nodes.append(Node(tree.element, args) if args else Node("Linear", (0, 1)))
        return len(nodes) - 1

    root = add(tree)
    return Cell.build(nodes, [("h", root)])
