import json
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archsearch.cell import Cell, parse, zoo
from archsearch.space import GenomeError, GPTreeSpace, GraphSpace
from archsearch.space.variation.graph_mutations import CellGraph, mutate_nodes
from archsearch.space.zero_signal import zero_nodes

SPACE = GraphSpace()


@pytest.mark.parametrize("name", zoo)
def test_published_cells_are_in_the_space(name: str) -> None:
    cell = zoo[name]
    assert SPACE.encode(cell) == cell
    assert SPACE.from_json(json.loads(json.dumps(SPACE.to_json(cell)))) == cell


@pytest.mark.parametrize("name", zoo)
def test_a_graph_without_changes_gives_the_cell_back(name: str) -> None:
    assert CellGraph(zoo[name]).to_cell() == zoo[name]


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_samples_and_their_mutants_are_valid(seed: int) -> None:
    rng = random.Random(seed)
    cell = SPACE.sample(rng)
    assert SPACE.check(cell) is None
    assert cell == SPACE.sample(random.Random(seed))
    for mutant in (SPACE.mutate(cell, rng), mutate_nodes(cell, SPACE, rng)):
        if mutant is not None:
            assert SPACE.check(mutant) is None
            assert mutant != cell


def test_the_paper_s_mutants_range_from_one_changed_node_to_hardly_any_kept() -> None:
    rng, lstm = random.Random(1), zoo["lstm"]
    mutants = [mutate_nodes(lstm, SPACE, rng) for _ in range(200)]
    ops = Counter(node.op for node in lstm.nodes)
    kept = [
        (ops & Counter(node.op for node in mutant.nodes)).total() for mutant in mutants if mutant
    ]
    assert len(kept) > 190
    assert min(kept) <= 4
    assert max(kept) >= lstm.num_nodes - 1


ONE_STEP = {
    "another activation": "h_t = ReLU(Add(Linear(x_t), Mult(h_tm1, Linear(h_tm1))))",
    "another elementwise operator": "h_t = Tanh(Sub(Linear(x_t), Mult(h_tm1, Linear(h_tm1))))",
    "an activation before a parent": (
        "h_t = Tanh(Add(Linear(x_t), Mult(h_tm1, Linear(Sigmoid(h_tm1)))))"
    ),
    "a layer before a parent": "h_t = Tanh(Add(Linear(x_t), Mult(Linear(h_tm1), Linear(h_tm1))))",
    "a node removed": "h_t = Tanh(Add(x_t, Mult(h_tm1, Linear(h_tm1))))",
    "two matrices that become one layer": "h_t = Tanh(Linear(x_t, h_tm1))",
    "an ancestor in its place": "h_t = Tanh(Add(Linear(x_t), h_tm1))",
    "a combination that shares weights": (
        "a = Linear(h_tm1); h_t = Tanh(Add(Sub(x_t, a), Mult(h_tm1, a)))"
    ),
}


@pytest.fixture(scope="module")
def mutants() -> set[Cell]:
    cell = parse("h_t = Tanh(Add(Linear(x_t), Mult(h_tm1, Linear(h_tm1))))")
    rng = random.Random(2)
    return {SPACE.mutate(cell, rng) for _ in range(2000)}


@pytest.mark.parametrize("mutation", ONE_STEP)
def test_one_mutation_reaches(mutation: str, mutants: set[Cell]) -> None:
    assert parse(ONE_STEP[mutation]) in mutants


REJECTED = {
    "inputs": ("h_t = Tanh(Linear(h_tm1))", "does not depend on x_t"),
    "unread memory": (
        "c_t = Tanh(Linear(x_t, c_tm1)); h_t = Tanh(Linear(x_t, h_tm1))",
        "h_t never reads c",
    ),
    "zero signal": (
        "c_t = Mult(c_tm1, Sigmoid(Linear(x_t))); h_t = Add(c_tm1, Tanh(Linear(x_t, h_tm1)))",
        "c_tm1 is 0 at every step",
    ),
}


@pytest.mark.parametrize("rule", REJECTED)
def test_a_rejection_names_its_rule(rule: str) -> None:
    text, reason = REJECTED[rule]
    rejection = SPACE.check(parse(text))
    assert rejection is not None
    assert rejection.rule == rule
    assert reason in rejection.reason
    assert SPACE.encode(parse(text)) is None
    with pytest.raises(GenomeError, match=rf"{rule}: .*{reason}"):
        SPACE.from_json(text)


def test_size_is_limited() -> None:
    small = GraphSpace(max_nodes=16)
    assert small.check(zoo["lstm"]) is None
    rejection = small.check(zoo["nascell"])
    assert rejection is not None
    assert (rejection.rule, rejection.reason) == ("size", "expected at most 16 nodes, got 36")
    rng, cell = random.Random(3), zoo["lstm"]
    for _ in range(200):
        cell = small.mutate(cell, rng)
        assert cell.num_nodes <= 16


def zero_ops(text: str) -> set[str]:
    cell = parse(text)
    return {cell.nodes[index].op for index in zero_nodes(cell)}


def test_which_nodes_are_always_zero() -> None:
    assert zero_ops("a = Linear(x_t); h_t = Add(Sub(a, a), Tanh(Linear(h_tm1)))") == {"Sub"}
    assert zero_ops("h_t = Mult(h_tm1, Linear(x_t))") == {"h_tm1", "Mult"}
    # From the second step on d holds what c was.
    chain = "d_t = Tanh(c_tm1); c_t = Linear(x_t); h_t = Add(d_tm1, Linear(h_tm1))"
    assert zero_ops(chain) == set()
    assert zero_ops("h_t = Mult(Cos(h_tm1), Linear(x_t))") == set()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"activations": ["Tanh"]}, "activations: expected 2 or more different ones of"),
        ({"activations": ["Tanh", "Add"]}, "activations: .*ones of Cos, .*Tanh, Linear"),
        ({"operators": ["Add", "Linear"]}, "operators: expected 2 or more .* ones of Add, .*Mult"),
        ({"start_cells": []}, "start_cells: expected at least one"),
        ({"max_nodes": 10}, "start_cells: lstm is not in this space, size"),
        ({"max_nodes": 1001}, "max_nodes: expected an integer between 1 and 1000"),
    ],
)
def test_parameters_out_of_range(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GraphSpace(**parameters)  # type: ignore[arg-type]


def test_cells_of_other_spaces_can_be_planted() -> None:
    trees, rng = GPTreeSpace(), random.Random(4)
    large = GraphSpace(max_nodes=100)
    cells = [trees.decode(trees.sample(rng)) for _ in range(20)]
    assert all(large.encode(cell) == cell for cell in cells)
    assert isinstance(large.mutate(cells[0], rng), Cell)
