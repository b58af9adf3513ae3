"""A new operator is one entry of the table: all of archsearch knows it from there."""

import math
from random import Random
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from toy_problems import Problem

import archsearch
from archsearch.cell import OPERATORS, Cell, Operator, forget_gates, parse
from archsearch.compiler.reference import NumPyArithmetic
from archsearch.export.networks import code_of
from archsearch.export.python_file import loaded, python_file
from archsearch.nn import make_layer
from archsearch.space import DSLSpace, GPTreeSpace, GraphSpace
from archsearch.space.zero_signal import zero_nodes

SWISH = Operator(
    "Swish", 1, 1, "a ∘ σ(a)", "Ramachandran et al. 2017",
    lambda m, a: a * m.sigmoid(a),
    lambda m, g, y, a: (g * (m.sigmoid(a) + y * (1.0 - m.sigmoid(a))),),
    nonlinear=True, function="swish", values=(0,), zeros=((0,),),
)  # fmt: skip
MEAN = Operator(
    "Mean", 2, 2, "½ (a + b)", "a test",
    lambda m, a, b: 0.5 * (a + b),
    lambda m, g, y, a, b: (0.5 * g, 0.5 * g),
    commutative=True, symbols=("½+",), values=(0, 1), zeros=((0, 1),),
)  # fmt: skip
TEXT = (
    "c_t = Mean(Swish(Linear(x_t, h_tm1)), Mult(Sigmoid(Linear(x_t)), c_tm1)); "
    "h_t = Tanh(Mean(c_t, x_t))"
)


@pytest.fixture(autouse=True)
def new_operators(monkeypatch):
    for operator in (SWISH, MEAN):
        monkeypatch.setitem(OPERATORS, operator.name, operator)


@pytest.fixture
def cell(new_operators) -> Cell:
    return parse(TEXT)


def test_it_is_read_printed_and_canonical(cell):
    assert parse(str(cell)) == cell
    assert "Mean(" in str(cell)
    assert parse(TEXT.replace("Mean(c_t, x_t)", "Mean(x_t, c_t)")).key == cell.key
    assert len(parse("h_t = Add(Mean(x_t, h_tm1), Mean(h_tm1, x_t))").nodes) == 4


def test_it_is_drawn_and_written_as_mathematics(cell):
    assert cell.equations().startswith(
        "c_t = 0.5 ∘ (swish(W₁ x_t + U₁ h_{t−1} + b₁) + σ(W₂ x_t + b₂) ∘ c_{t−1})"
    )
    assert r"0.5 \circ (\operatorname{swish}(W_" in cell.equations("latex")
    texts = "".join(ElementTree.fromstring(cell.to_svg()).itertext())
    assert "½+" in texts
    assert "swish" in texts
    assert "Swish: a ∘ σ(a)" in texts
    assert 'label="½+"' in cell.to_dot()
    assert 'label="swish"' in cell.to_dot()


@pytest.mark.parametrize("operator", [SWISH, MEAN], ids=lambda operator: operator.name)
def test_its_gradient_is_that_of_finite_differences(operator):
    rng, m, step = np.random.default_rng(0), NumPyArithmetic(np.zeros(4)), 1e-6
    args = [rng.normal(size=4) for _ in range(operator.max_args)]
    g = rng.normal(size=4)
    for k, gradient in enumerate(operator.gradient(m, g, operator.value(m, *args), *args)):
        ends = [
            operator.value(m, *args[:k], args[k] + shift, *args[k + 1 :]) for shift in (step, -step)
        ]
        np.testing.assert_allclose(gradient, g * (ends[0] - ends[1]) / (2 * step), rtol=1e-7)


@pytest.mark.parametrize("backend", ["plain", "cpu"])
def test_it_compiles_on_every_backend(cell, backend):
    problem = Problem(cell, 4, 4, seed=1)
    y, _ = problem.reference()
    np.testing.assert_allclose(problem.run(backend)[0].numpy(), y, rtol=1e-12)
    problem.require_grad()
    assert torch.autograd.gradcheck(lambda *_: problem.run(backend)[0], problem.tensors)


def test_it_is_exported(cell, tmp_path):
    layer = make_layer(cell, 4, 4, generator=torch.Generator().manual_seed(0))
    code = code_of(layer, cell)
    text = python_file(code, "A layer.", None)
    assert "def swish(a: Tensor) -> Tensor:" in text
    assert "return a * torch.sigmoid(a)" in text
    (tmp_path / "model.py").write_text(text)
    model = loaded(tmp_path / "model.py").build()
    model.load_state_dict(code.weights())
    x = torch.randn(5, 2, 4, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(model(x)[0], layer(x)[0])


def test_states_pass_it_and_stay_0_in_it(cell):
    assert list(forget_gates(cell).values()) == [1.0]
    asleep = parse("c_t = Swish(Mean(c_tm1, c_tm1)); h_t = Tanh(Add(Linear(x_t, h_tm1), c_t))")
    assert any(asleep.nodes[i].op == "Swish" for i in zero_nodes(asleep))


@pytest.mark.parametrize(
    "space",
    [
        lambda: DSLSpace(("MM", "Tanh", "Swish", "Mean", "Mult")),
        lambda: GPTreeSpace(unary=("Tanh", "Swish"), binary=("Add", "Mean"), min_height=2),
        lambda: GraphSpace(activations=("Swish", "Linear"), operators=("Mean", "Add")),
    ],
    ids=["dsl", "gp_tree", "graph"],
)
def test_spaces_that_list_it_sample_mutate_and_write_it(space):
    space, rng = space(), Random(0)
    genome = space.sample(rng)
    found = set()
    for _ in range(60):
        genome = space.mutate(genome, rng)
        assert space.check(genome) is None
        assert space.from_json(space.to_json(genome)) == genome
        found |= {node.op for node in space.decode(genome).nodes}
    assert {"Swish", "Mean"} <= found


def test_a_search_trains_cells_that_have_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = archsearch.search(
        "task=xml", "budget=smoke", "search=local", "search.num_initial=2",
        "cell_space.unary=[Tanh,Swish]", "cell_space.binary=[Add,Mean]",
        "executor=serial", "logger=none", references=[], trials=4, window=1,
    )  # fmt: skip
    used = {node.op for trial in run.proposed for node in trial.cell.nodes}
    assert {"Swish", "Mean"} <= used
    assert run.best is not None
    assert (run.folder / "best_cell.txt").read_text().strip() == str(run.best.cell).strip()
    assert (run.folder / "best_cell.svg").is_file()


@pytest.mark.parametrize("name", [name for name, each in OPERATORS.items() if each.value])
def test_the_table_says_of_each_operator_what_its_value_does(name):
    """`zeros` and `reads_time`, held against the value itself."""
    operator, rng = OPERATORS[name], np.random.default_rng(0)
    args = [rng.normal(size=(3, 4)) for _ in range(operator.max_args)]
    here, there = (NumPyArithmetic(np.full(4, p)) for p in (0.25, 0.5))
    moves = not np.array_equal(operator.value(here, *args), operator.value(there, *args))
    assert moves == operator.reads_time
    for group in operator.zeros:
        partly = [0.0 * a if i in group else a for i, a in enumerate(args)]
        assert not operator.value(here, *partly).any()
    if not operator.zeros:
        assert operator.value(here, *[0.0 * a for a in args]).any()
    assert all(math.isfinite(each) for each in operator.value(here, *args).ravel())
