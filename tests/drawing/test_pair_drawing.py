"""Two cells side by side: what counts as common, and that the picture says so."""

import itertools
import re
from xml.etree import ElementTree

import pytest

from archsearch.cell import Cell, parse, zoo
from archsearch.cell.matching import best_assignment
from archsearch.drawing import draw_pair
from archsearch.drawing.common_nodes import common_nodes

SVG = "{http://www.w3.org/2000/svg}"


def ops(cell: Cell, numbers: object) -> list[str]:
    return sorted(cell.nodes[i].op for i in numbers)


def test_a_cell_has_everything_in_common_with_itself_and_an_operator_more_costs_no_more() -> None:
    for cell in zoo.values():
        assert common_nodes(cell, cell) == {i: i for i in range(cell.num_nodes)}
    lstm = zoo["lstm"]
    text = str(lstm).replace("h_t = Mult(", "h_t = ReLU(Mult(").replace("Tanh(c_t))", "Tanh(c_t)))")
    more = parse(text)
    assert more.num_nodes == lstm.num_nodes + 1
    assert ops(lstm, common_nodes(lstm, more)) == ops(lstm, range(lstm.num_nodes))


def test_partners_have_equal_operators_and_there_is_one_for_each() -> None:
    for a, b in itertools.product(zoo.values(), repeat=2):
        partners = common_nodes(a, b)
        assert len(set(partners.values())) == len(partners)
        memories = {"c_tm1", "d_tm1"}
        for i, j in partners.items():
            assert a.nodes[i].op == b.nodes[j].op or {a.nodes[i].op, b.nodes[j].op} <= memories


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        ("h_t = Add(Tanh(x_t), h_tm1)", "h_t = Add(h_tm1, Tanh(x_t))", 4),
        ("h_t = Sub(Tanh(x_t), h_tm1)", "h_t = Sub(h_tm1, Tanh(x_t))", 3),  # Tanh(x_t) alone
        ("h_t = Linear(x_t, h_tm1)", "h_t = Linear(x_t, bias=1)", 2),
        ("h_t = Tanh(x_t)", "h_t = Tanh(h_tm1)", 0),  # a lone operator is no region
    ],
)
def test_the_order_of_arguments_counts_where_it_matters(one: str, other: str, common: int) -> None:
    assert len(common_nodes(parse(one), parse(other))) == common


def test_the_picture_marks_and_numbers_the_common_nodes_of_both() -> None:
    a, b = zoo["lstm"], zoo["gru"]
    partners = common_nodes(a, b)
    svg = draw_pair(a, b, ("LSTM", "GRU"))
    assert svg == draw_pair(a, b, ("LSTM", "GRU"))
    pictures = [child for child in ElementTree.fromstring(svg) if child.tag == f"{SVG}svg"]
    for picture, cell, own in zip(pictures, (a, b), (partners, partners.values()), strict=True):
        marked = {int(r.attrib["data-marked"]) for r in picture.iter() if "data-marked" in r.attrib}
        assert {i for i in marked if i < cell.num_nodes} == set(own)
        operators = [i for i in own if not cell.nodes[i].is_source]
        notes = [t.text for t in picture.iter(f"{SVG}text") if t.attrib.get("fill") == "#4a3a8c"]
        assert sorted(filter(None, notes), key=int) == [str(n + 1) for n in range(len(operators))]
    assert f"LSTM, cell {a.key}: {len(partners)} of {a.num_nodes} nodes" in svg


def test_pictures_stand_side_by_side_only_where_they_fit() -> None:
    narrow = draw_pair(zoo["rnn"], zoo["mgu"])
    wide = draw_pair(zoo["nascell"], zoo["nascell"])
    places = [re.findall(r'<svg x="(\d+)" y="(\d+)"', svg) for svg in (narrow, wide)]
    assert [len({x for x, _ in p}) for p in places] == [2, 1]
    assert [len({y for _, y in p}) for p in places] == [1, 2]


def test_an_assignment_is_the_best_of_all() -> None:
    values = [[5, 4, 0], [4, 0, 3]]
    total, columns = best_assignment(values)
    assert total == sum(row[column] for row, column in zip(values, columns, strict=True))
    assert total == max(values[0][i] + values[1][j] for i, j in itertools.permutations(range(3), 2))


def test_a_drawing_may_stand_twice_in_one_document() -> None:
    drawing = ElementTree.fromstring(draw_pair(zoo["lstm"], zoo["lstm"]))
    assert not [element for element in drawing.iter() if "id" in element.attrib]
    titles = [picture.findtext(f"{SVG}title") for picture in drawing.iter(f"{SVG}svg")]
    assert titles[1:] == [f"Recurrent cell {zoo['lstm'].key}"] * 2
