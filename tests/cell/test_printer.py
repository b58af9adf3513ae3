"""What is printed reads back as the same cell."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archsearch.cell import MAX_TEXT_LENGTH, Cell, Node, parse, zoo

LABELS = [
    None, "z", "z", "z_2", "n1", "n2", "gate", "bias", "Tanh", "MM", "x_t", "c_t", "h_tm1", "_t",
    "_", "", " ", "1a", "a b", "é", "a;b", "a\nb", "a" * 33, "x" * 90_000, "\0", "__class__", 3,
]  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(seed=st.integers(0, 2**32 - 1))
def test_text_reads_back_whatever_the_labels(seed, random_graph):
    rng = random.Random(seed)
    nodes, outputs = random_graph(rng)
    cell = Cell.build(nodes, outputs, [rng.choice(LABELS) for _ in nodes])
    text = str(cell)
    again = parse(text)
    assert again == cell
    # Of two interchangeable nodes the one with a name may move in front; then the text has settled.
    assert sorted(str(again)) == sorted(text)
    assert str(parse(str(again))) == str(again)
    assert all(len(line) <= 100 for line in text.splitlines())


def test_labels_name_statements_and_the_rest_is_nested():
    text = "z = Sigmoid(Linear(x_t, h_tm1)); h_t = Mult(z, Tanh(Add(x_t, Sin(z))))"
    assert str(parse(text)) == text


def test_shared_nodes_without_a_label_get_a_name():
    cell = Cell.build(
        [Node("x_t"), Node("Linear", (0,)), Node("Tanh", (1,)), Node("Mult", (1, 2))], [("h", 3)]
    )
    assert str(cell) == "n1 = Linear(x_t); h_t = Mult(n1, Tanh(n1))"


def test_states_that_are_sources_come_last():
    assert str(parse("c_t = h_tm1; h_t = Tanh(c_tm1)")) == "h_t = Tanh(c_tm1); c_t = h_tm1"
    assert str(parse("x_t")) == "h_t = x_t"


@pytest.mark.parametrize(
    ("label", "printed"),
    [("gate", "gate"), ("Tanh", "n1"), ("x_t", "n1"), ("c_t", "n1"), ("a b", "n1"), ("é", "n1")],
)
def test_a_label_that_is_no_name_is_replaced(label, printed):
    nodes = [Node("x_t"), Node("Linear", (0,)), Node("Mult", (1, 1))]
    cell = Cell.build(nodes, [("h", 2)], [None, label, "ignored for an output"])
    assert str(cell) == f"{printed} = Linear(x_t); h_t = Mult({printed}, {printed})"


def test_of_two_equal_labels_the_second_gets_a_number():
    nodes = [Node("x_t"), Node("Linear", (0,)), Node("Linear", (0,)), Node("Mult", (1, 2))]
    cell = Cell.build(nodes, [("h", 3)], [None, "z", "z", None])
    assert str(cell) == "z = Linear(x_t); z_1 = Linear(x_t); h_t = Mult(z, z_1)"


def test_deep_and_wide_cells_stay_readable_and_short_enough():
    deep = parse(
        "h_t = " + "Linear(x_t, bias=0.1, ".replace("bias=0.1, ", "") * 240 + "x_t" + ")" * 240
    )
    nodes = [Node("x_t")] + [Node("Linear", (max(0, i - 4),) * 8) for i in range(900)]
    wide = Cell.build(nodes, [("h", 900)], [None] + [f"{i:a>32}" for i in range(900)])
    for cell in (deep, wide):
        assert parse(str(cell)) == cell
        assert len(str(cell)) <= MAX_TEXT_LENGTH


def test_small_biases_keep_all_their_digits():
    cell = parse("h_t = Linear(x_t, bias=0.1000000000000000055)")
    assert parse(str(cell)) == cell
    assert str(parse("h_t = Linear(x_t, bias=1e-30)")) == "h_t = Linear(x_t, bias=1e-30)"


def test_the_zoo_reads_back():
    for cell in zoo.values():
        assert parse(str(cell)) == cell
        assert str(parse(str(cell))) == str(cell)
