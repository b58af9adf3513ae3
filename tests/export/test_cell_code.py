"""Cells as Python: readable, formatted, and the same mathematics as the reference's."""

import ast
from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from python_lines import longest_code_line
from toy_problems import random_cell, tree_cell

from archsearch.architecture import Architecture, HeterogeneousLayer
from archsearch.cell import Cell, parse, zoo
from archsearch.compiler import reference
from archsearch.export.networks import code_of
from archsearch.export.python_file import loaded, python_file
from archsearch.nn import RecurrentLayer, make_layer
from archsearch.space import DSLSpace, GraphSpace, NASBaseSpace
from archsearch.space.expression import operator_tokens

GOLDEN = '''\
    def forward(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """x_t (B, X) -> h_t (B, H), and the next state."""
        h_tm1 = state["h"]
        c_tm1 = state["c"]
        f_t = torch.sigmoid(self.W_f(x_t) + self.U_f(h_tm1) + self.b_f)
        i_t = torch.sigmoid(self.W_i(x_t) + self.U_i(h_tm1) + self.b_i)
        g_t = torch.tanh(self.W_g(x_t) + self.U_g(h_tm1) + self.b_g)
        o_t = torch.sigmoid(self.W_o(x_t) + self.U_o(h_tm1) + self.b_o)
        c_t = f_t * c_tm1 + i_t * g_t
        h_t = o_t * torch.tanh(c_t)
        return h_t, {"h": h_t, "c": c_t}
'''


def layer_of(architecture: Architecture, input_size: int, output_size: int) -> RecurrentLayer:
    generator = torch.Generator().manual_seed(1)
    layer = make_layer(architecture, input_size, output_size, generator=generator).double()
    for bias in layer.biases:
        bias.data.uniform_(-1, 1, generator=generator)
    return layer


def text_of(layer: RecurrentLayer, architecture: Architecture) -> str:
    return python_file(code_of(layer, architecture), "A layer.", None)


def reference_of(layer: RecurrentLayer, inputs: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    """What the NumPy interpreter makes of the inputs of `Network.inputs`."""
    state = {
        name.removeprefix("layer0_"): value.numpy() for name, value in inputs.items() if name != "x"
    }
    weights = [weight.detach().numpy() for weight in layer.weights]
    biases = [bias.detach().numpy() for bias in layer.biases]
    y, after = reference.run(layer.cell, weights, biases, inputs["x"].numpy(), state)
    return {"y": y} | {f"layer0_{name}_after": after[name] for name in layer.state_widths}


def means_the_same(architecture: Architecture, input_size: int, output_size: int, folder) -> bool:
    """False where it explodes in the first step, so that there is nothing to compare."""
    layer = layer_of(architecture, input_size, output_size)
    text = text_of(layer, architecture)
    assert longest_code_line(text) <= 88
    (folder / "model.py").write_text(text)
    module = loaded(folder / "model.py")
    model = module.build().double()
    code = code_of(layer, architecture)
    model.load_state_dict(code.weights())
    inputs = code.inputs(4, 2, torch.Generator().manual_seed(2))
    inputs = {name: v.double() if v.is_floating_point() else v for name, v in inputs.items()}
    expected = reference_of(layer, inputs)
    steps = calm_steps(expected["y"])
    if not steps:
        return False
    # Div and LayerNorm may amplify rounding: allow a hundred times what one of 1e-13 does.
    shifted = reference_of(layer, inputs | {"x": inputs["x"] * (1 + 1e-13)})
    with torch.no_grad():
        got = code.exported(model, inputs)
    for name, value in expected.items():
        if name == "y":
            value = value[:steps]
        elif steps < len(expected["y"]) or not calm_steps([value]):
            continue  # a state that has exploded
        rows = ... if np.ndim(value) == 0 else slice(len(value))
        slack = 1e-10 + 100 * np.abs(np.asarray(shifted[name])[rows] - value)
        np.testing.assert_array_less(np.abs(got[name].numpy()[rows] - value), slack, name)
    return True


def calm_steps(y: Sequence[np.ndarray]) -> int:
    """After how many steps a cell explodes, if it does."""
    is_calm = [bool(np.isfinite(y_t).all() and np.abs(y_t).max() < 1e6) for y_t in y]
    return [*is_calm, False].index(False)


def test_an_lstm_reads_as_its_equations():
    text = text_of(RecurrentLayer(zoo["lstm"], 3, 3), zoo["lstm"])
    assert GOLDEN in text
    assert zoo["lstm"].equations().split("\n")[0] in text


@pytest.mark.parametrize("name", zoo)
def test_every_cell_of_the_zoo_means_the_same(name, tmp_path):
    assert means_the_same(zoo[name], 3, 4, tmp_path)


SPACES = {"dsl": DSLSpace(operator_tokens()), "nas_base": NASBaseSpace(), "graph": GraphSpace()}


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(["any", "tree", *SPACES]), st.booleans())
def test_random_cells_mean_the_same(tmp_path_factory, rng: Random, space: str, same_width: bool):
    match space:
        case "any":
            cell = random_cell(rng)
        case "tree":
            cell = tree_cell(rng)
        case _:
            cell = SPACES[space].decode(SPACES[space].sample(rng))
    folder = tmp_path_factory.mktemp("cell")
    assume(means_the_same(cell, 4 if same_width else 3, 4, folder))


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(2, 4))
def test_layers_of_several_cells_mean_the_same(tmp_path_factory, rng: Random, num_cells: int):
    cells = [random_cell(rng) for _ in range(num_cells)]
    layer = HeterogeneousLayer((*cells, cells[0]))
    folder = tmp_path_factory.mktemp("layer")
    assume(means_the_same(layer, 3, 4 * len(layer.cells), folder))


HOSTILE_LABELS = (
    "self", "state", "torch", "lambda", "F", "f1", "f_1", "f1_prime", "p1", "__class__", "_", "x",
    "h", "W", "after", "nn", "destination", "None", "print",
    "a_name_of_thirty_two_characters_", "n1",
)  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(
    st.randoms(use_true_random=False),
    st.lists(st.sampled_from(HOSTILE_LABELS) | st.text(max_size=32), min_size=12, max_size=12),
)
def test_no_name_breaks_out_of_the_code(tmp_path_factory, rng: Random, labels: list[str]):
    graph = random_cell(rng)
    given_labels = [*labels, *labels, *labels][: len(graph.nodes)]
    cell = Cell.build(graph.nodes, graph.outputs, given_labels)
    assume(means_the_same(cell, 3, 4, tmp_path_factory.mktemp("labels")))


def test_long_lines_are_broken_inside_brackets():
    name = "a_name_of_thirty_two_characters"
    terms = ", ".join(f"{name}{i}" for i in range(3))
    parts = "".join(f"{name}{i} = Tanh(Linear(x_t, h_tm1)); " for i in range(3))
    cell = parse(
        f"{parts} g = Sigmoid(Linear({terms}, x_t, h_tm1, c_tm1)); "
        f"c_t = Blend({terms}); d_t = Mult({name}0, {name}1); e_t = Sub({name}2, {name}1); "
        f"h_t = Max(g, Add(d_tm1, e_tm1))"
    )
    text = text_of(RecurrentLayer(cell, 3, 3), cell)
    assert longest_code_line(text) <= 88
    assert "g_t = (\n            torch.sigmoid(self.W_g(x_t) + " in text


def test_many_memories_and_many_shares_mean_the_same(tmp_path):
    memories = "cdefgijklmnopqrs"
    steps = "; ".join(f"{m}_t = Tanh(Linear(x_t, {m}_tm1))" for m in memories)
    total = "h_tm1"
    for memory in memories:
        total = f"Add({total}, {memory}_tm1)"
    cell = parse(f"{steps}; h_t = Tanh({total})")
    assert means_the_same(cell, 3, 4, tmp_path)
    assert means_the_same(HeterogeneousLayer((cell,) * 5 + (zoo["gru"],)), 3, 12, tmp_path)


def test_text_in_docstrings_reads_back_and_stays_there():
    hostile = '"""\nimport os; os.abort()\n\\" ${x} \x00\u202e\ud800 \\'
    text = python_file(code_of(RecurrentLayer(zoo["gru"], 3, 3), zoo["gru"]), hostile, None)
    text.encode()
    module = ast.parse(text)
    assert ast.get_docstring(module, clean=False).startswith(hostile)
    kinds = {type(node) for node in module.body[1:]}
    assert kinds <= {ast.Import, ast.ImportFrom, ast.Assign, ast.FunctionDef, ast.ClassDef}


def test_a_bias_that_starts_elsewhere_is_written():
    layer = RecurrentLayer(zoo["lstm_b"], 3, 3, forget_bias=0.5)
    assert "self.b_f = nn.Parameter(torch.full((hidden_size,), 1.5))" in text_of(
        layer, zoo["lstm_b"]
    )
