import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archsearch.cell import Cell, parse, zoo

NINE = [f"{op}(x_t)" for op in ("Tanh", "Sigmoid", "ReLU", "Sin", "Cos")] + [
    "x_t", "x_tm1", "h_tm1", "Tanh(h_tm1)",
]  # fmt: skip

FOLDED = {
    "a sum": ("Add(Linear(x_t, h_tm1), Linear(x_t, h_tm1))", "Linear(x_t, h_tm1)"),
    "different arguments": ("Add(Linear(x_t), Linear(Tanh(h_tm1)))", "Linear(x_t, Tanh(h_tm1))"),
    "a difference": ("Sub(Linear(x_t), Linear(x_t, h_tm1))", "Linear(x_t, h_tm1)"),
    "sums of sums": (
        "Add(Sub(Linear(x_t), Add(Linear(h_tm1), Linear(x_t))), Linear(x_tm1))",
        "Linear(x_t, x_tm1, h_tm1)",
    ),
    "an argument twice": ("Tanh(Linear(x_t, h_tm1, h_tm1))", "Tanh(Linear(x_t, h_tm1))"),
    "arguments that are always equal": (
        "Add(Linear(Tanh(x_t)), Linear(Tanh(x_t), h_tm1))",
        "Linear(Tanh(x_t), h_tm1)",
    ),
    "states that are always equal": (
        "Tanh(Add(Linear(x_t, h_tm1), Linear(c_tm1))); c_t = h_t",
        "Tanh(Linear(x_t, h_tm1))",
    ),
    "biases of a sum": (
        "Add(Linear(x_t, bias=1), Linear(h_tm1, bias=0.5))",
        "Linear(x_t, h_tm1, bias=1.5)",
    ),
    "biases of a difference": (
        "Sub(Linear(x_t, bias=1), Linear(h_tm1, bias=0.5))",
        "Linear(x_t, h_tm1, bias=0.5)",
    ),
    "as many arguments as there may be": (
        f"Add(Linear({', '.join(NINE[:5])}), Linear({', '.join(NINE[4:8])}))",
        f"Linear({', '.join(NINE[:8])})",
    ),
}


@pytest.mark.parametrize("name", FOLDED)
def test_folds(name: str) -> None:
    before, after = (parse(f"h_t = {text}") for text in FOLDED[name])
    assert before != after
    assert before.with_folded_linears() == after
    assert after.with_folded_linears() == after


@pytest.mark.parametrize(
    "text",
    [
        "a = Linear(x_t, h_tm1); h_t = Add(Add(a, Linear(x_t)), Tanh(a))",
        "c_t = Linear(x_t, c_tm1); h_t = Add(c_t, Linear(h_tm1))",
        "a = Linear(x_t, h_tm1); h_t = Add(a, a)",
        "h_t = Add(Add(Linear(x_t, h_tm1), c_tm1), Linear(x_t, h_tm1)); c_t = Tanh(h_t)",
        "h_t = Add(Linear(Tanh(Linear(x_t))), Tanh(Linear(h_tm1)))",
        "h_t = Linear(h_tm1, Linear(x_t))",
        "h_t = Mult(Linear(x_t), Linear(h_tm1))",
        "h_t = Add(Linear(x_t, bias=600), Linear(h_tm1, bias=600))",
        f"h_t = Add(Linear({', '.join(NINE[:5])}), Linear({', '.join(NINE[5:])}))",
        *(str(zoo[name]) for name in zoo),
    ],
)
def test_leaves_as_it_is(text: str) -> None:
    assert parse(text).with_folded_linears() == parse(text)


def test_arguments_with_weights_of_their_own_are_different_ones() -> None:
    cell = parse("h_t = Add(Linear(Tanh(Linear(x_t))), Linear(Tanh(Linear(x_t)), h_tm1))")
    assert cell.with_folded_linears() == parse(
        "h_t = Linear(h_tm1, Tanh(Linear(x_t)), Tanh(Linear(x_t)))"
    )


def test_what_somebody_wrote_is_not_folded() -> None:
    cell = parse("h_t = Tanh(Add(Linear(x_t, h_tm1), Linear(x_t, h_tm1)))")
    assert len(cell.linears) == 2
    assert len(parse(str(cell)).linears) == 2


def test_a_sum_keeps_its_name() -> None:
    cell = parse("gate = Add(Linear(x_t), Linear(h_tm1)); h_t = Mult(gate, Tanh(gate))")
    folded = cell.with_folded_linears()
    assert str(folded) == "gate = Linear(x_t, h_tm1); h_t = Mult(gate, Tanh(gate))"
    assert folded.equations().startswith("gate_t = W_{gate} x_t + U_{gate} h_{t−1} + b_{gate}\n")


@given(st.integers(0, 2**32))
@settings(max_examples=200, deadline=None)
def test_any_spelling_folds_to_one_cell_and_nothing_grows(
    random_graph: Callable[..., Any], respelled: Callable[..., Any], seed: int
) -> None:
    rng = random.Random(seed)
    graph = random_graph(rng)
    cell = Cell.build(*graph)
    folded = cell.with_folded_linears()
    assert folded.with_folded_linears() == folded
    assert Cell.build(*respelled(graph, rng), fold_linears=True) == folded
    assert len(folded.linears) <= len(cell.linears)
    assert num_matrices(folded) <= num_matrices(cell)
    assert folded.height <= cell.height


def num_matrices(cell: Cell) -> int:
    return sum(len(cell.nodes[index].args) for index in cell.linears)
