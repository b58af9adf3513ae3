"""Facts that a cell tells of itself, and that it never changes."""

import copy
import pickle
from dataclasses import FrozenInstanceError

import pytest

from archsearch.cell import Cell, Node, parse, zoo

GRU = (
    "r = Sigmoid(Linear(x_t, h_tm1)); z = Sigmoid(Linear(x_t, h_tm1));"
    "n = Tanh(Add(Linear(x_t), Mult(r, Linear(h_tm1))));"
    "h_t = Add(Mult(z, h_tm1), Mult(OneMinus(z), n))"
)


def test_facts():
    cell = parse(GRU)
    assert cell.num_nodes == 15
    assert cell.height == 7
    assert len(cell.linears) == 4
    assert all(cell.nodes[i].op == "Linear" for i in cell.linears)
    assert cell.memories == ()
    assert parse("x_t").height == 0
    assert zoo["lstm"].memories == ("c",)
    assert zoo["lstm"].outputs[0][0] == "h"


def test_nodes_are_in_topological_order():
    for cell in zoo.values():
        for index, node in enumerate(cell.nodes):
            assert all(arg < index for arg in node.args)


def test_a_cell_is_immutable_and_only_built_canonically():
    cell = parse(GRU)
    with pytest.raises(FrozenInstanceError):
        cell.nodes = ()
    with pytest.raises(FrozenInstanceError):
        del cell.labels
    with pytest.raises(AttributeError):
        cell.nodes[0].op = "x_tm1"
    with pytest.raises(TypeError, match="parse"):
        Cell()


def test_a_cell_travels_between_processes():
    cell = parse(GRU)
    for twin in (pickle.loads(pickle.dumps(cell)), copy.deepcopy(cell)):
        assert twin == cell
        assert twin.labels == cell.labels
        assert str(twin) == str(cell)


def test_a_cell_is_a_key_of_dictionaries_and_unlike_anything_else():
    cell = parse(GRU)
    assert {cell: 1}[parse(GRU)] == 1
    assert cell != str(cell)
    assert eval(repr(cell), {"parse": parse}) == cell


def test_labels_are_no_part_of_the_cell():
    cell = parse(GRU)
    assert {"r", "z", "n"} <= set(cell.labels)
    plain = Cell.build(cell.nodes, cell.outputs)
    assert plain == cell
    assert plain.key == cell.key
    assert set(plain.labels) == {None}


def test_sources_used_outside_a_linear_get_one_of_their_own():
    cell = parse("a = Tanh(x_t); c_t = x_tm1; h_t = Add(Linear(a, x_t), Mult(c_tm1, x_t))")
    assert cell.elementwise_sources == ("x_t", "x_tm1")
    assert cell.with_linear_sources() == parse(
        "p = Linear(x_t); c_t = Linear(x_tm1);h_t = Add(Linear(Tanh(p), x_t), Mult(c_tm1, p))"
    )
    assert cell.with_linear_sources().elementwise_sources == ()


def test_cells_without_such_sources_stay_as_they_are():
    assert zoo["lstm"].elementwise_sources == ()
    assert zoo["lstm"].with_linear_sources() is zoo["lstm"]
    assert zoo["mut1"].elementwise_sources == ("x_t",)


def test_node_tells_sources_from_operators():
    assert Node("c_tm1").state == "c"
    assert Node("h_tm1").state == "h"
    assert Node("x_tm1").state is None
    assert Node("Tanh", (0,)).state is None
    assert Node("x_t").is_source
    assert not Node("Tanh", (0,)).is_source
