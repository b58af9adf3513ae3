import pickle
import random
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archsearch.architecture import HeterogeneousLayer, read_architecture, read_layer
from archsearch.architecture.layer import MAX_SHARES
from archsearch.cell import Cell, CellError, parse, zoo

LSTM, GRU, RNN = zoo["lstm"], zoo["gru"], zoo["rnn"]
CELLS = st.lists(st.sampled_from([zoo[name] for name in zoo]), min_size=1, max_size=9)


@given(CELLS, st.randoms())
def test_text_reads_back_and_the_order_of_cells_does_not_matter(
    cells: list[Cell], rng: random.Random
) -> None:
    layer = HeterogeneousLayer(tuple(cells))
    rng.shuffle(cells)
    for other in (HeterogeneousLayer(tuple(cells)), read_architecture(str(layer))):
        assert (other, other.key, hash(other)) == (layer, layer.key, hash(layer))
    assert pickle.loads(pickle.dumps(layer)) == layer


@given(CELLS, CELLS)
def test_keys_are_equal_for_equal_layers_alone(some: list[Cell], others: list[Cell]) -> None:
    a, b = HeterogeneousLayer(tuple(some)), HeterogeneousLayer(tuple(others))
    assert (a.key == b.key) == (a == b)


def test_the_key_is_the_same_in_every_version() -> None:
    assert HeterogeneousLayer((LSTM, GRU, LSTM)).key == "bc9131fbba9d988b"


def test_groups_count_the_shares_of_each_cell() -> None:
    layer = read_layer("layer 2 { h_t = Tanh(Linear(x_t, h_tm1)) } 1 {" + str(LSTM) + "}")
    assert set(layer.groups) == {(RNN, 2), (LSTM, 1)}
    again = read_layer(f"layer\n1{{{RNN}}} 1 {{ {LSTM} }}\n\n1 {{{RNN}}}")
    assert again == layer


def test_a_cell_whose_author_calls_a_node_layer_is_a_cell() -> None:
    assert read_architecture("layer = Linear(x_t, h_tm1); h_t = Tanh(layer)") == RNN


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected the word layer"),
        ("conv 3x3x4 <- image", "expected the word layer, got conv"),
        ("layer", "after 0 shares: expected a number of shares"),
        ("layer { h_t = Tanh(x_t) }", "after 0 shares: expected a number of shares"),
        ("layer 0 { h_t = Tanh(x_t) }", "after 0 shares: expected a number"),
        ("layer 2 { h_t = Tanh(x_t) } and", "after 2 shares: .* got and"),
        ("layer 2 { h_t = Tanh(x_t) ", "after 0 shares"),
        ("layer 1 { h_t = Tanh(x_t) } 1 { h_t = Tahn(x_t) }", "after 1 shares: .*Tanh"),
        (f"layer {MAX_SHARES + 1} {{ h_t = Tanh(x_t) }}", f"at most {MAX_SHARES} shares"),
        ("layer " + "1 { h_t = Tanh(x_t) } " * (MAX_SHARES + 1), f"at most {MAX_SHARES} shares"),
        ("layer " + " " * 2_000_000, "at most 1000000"),
    ],
)  # fmt: skip
def test_texts_that_are_no_layer_are_refused(text: str, message: str) -> None:
    with pytest.raises(CellError, match=f"(?s){message}"):
        read_layer(text)


def test_no_cells_make_no_layer() -> None:
    with pytest.raises(CellError, match="expected 1 to"):
        HeterogeneousLayer(())


def test_equations_name_the_shares_and_each_cells_own() -> None:
    text = HeterogeneousLayer((RNN, GRU, RNN)).equations()
    assert f"2 of 3 shares: cell {RNN.key}\n{RNN.equations()}" in text
    assert f"1 of 3 shares: cell {GRU.key}\n{GRU.equations()}" in text
    latex = HeterogeneousLayer((RNN, GRU)).equations("latex")
    assert rf"\text{{1 of 2 shares: cell {RNN.key}}}" in latex
    assert latex.count(r"\begin{aligned}") == 2


def test_the_drawing_has_one_picture_for_each_cell_inside_its_frame() -> None:
    layer = HeterogeneousLayer((LSTM, GRU, LSTM, RNN))
    svg = ElementTree.fromstring(layer.to_svg())
    pictures = [child for child in svg if child.tag.endswith("svg")]
    assert len(pictures) == 3
    bottom = 0
    for picture in pictures:
        assert int(picture.attrib["y"]) > bottom
        bottom = int(picture.attrib["y"]) + int(picture.attrib["height"])
        assert int(picture.attrib["width"]) <= int(svg.attrib["width"])
    assert bottom <= int(svg.attrib["height"])
    headings = [child.text for child in svg if child.tag.endswith("text")]
    assert headings == [f"{shares} of 4 shares: cell {cell.key}" for cell, shares in layer.groups]


def test_matrices_see_all_of_h_and_operators_their_own_share() -> None:
    gated = parse("h_t = Mult(h_tm1, Sigmoid(Linear(h_tm1)))")
    layer = HeterogeneousLayer((gated, RNN, gated))
    for linear in layer.linears:
        assert "h_tm1" in {layer.nodes[argument].op for argument in layer.nodes[linear].args}
    own = [layer.nodes[a].op for node in layer.nodes if node.op == "Mult" for a in node.args]
    shares = [f"h{k}_tm1" for k, cell in enumerate(layer.cells) if cell == gated]
    assert sorted(op for op in own if op.startswith("h")) == shares
