"""Which bias makes a cell remember."""

import pytest

from archsearch.cell import forget_gates, parse, zoo


def gates(text: str) -> dict[str, float]:
    """The signs by the label of the Linear."""
    cell = parse(text)
    return {str(cell.labels[i]): sign for i, sign in forget_gates(cell).items()}


LINEAR = "a = Linear(x_t, h_tm1); b = Linear(x_t, h_tm1); n = Tanh(Linear(x_t));"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("c_t = Add(Mult(Sigmoid(a), c_tm1), n); h_t = Mult(Sigmoid(b), Tanh(c_t))", {"a": 1.0}),
        ("h_t = Add(Mult(Sigmoid(a), h_tm1), Mult(OneMinus(Sigmoid(a)), n))", {"a": 1.0}),
        ("h_t = Add(Mult(OneMinus(Sigmoid(a)), h_tm1), Mult(Sigmoid(a), n))", {"a": -1.0}),
        ("h_t = Blend(Sigmoid(a), h_tm1, n)", {"a": 1.0}),
        ("h_t = Blend(Sigmoid(a), n, h_tm1)", {"a": -1.0}),
        ("h_t = Blend(OneMinus(Sigmoid(a)), n, h_tm1)", {"a": 1.0}),
        ("h_t = Gate3(h_tm1, n, a)", {"a": 1.0}),
        ("h_t = Gate3(n, h_tm1, a)", {"a": -1.0}),
        ("h_t = Gate3(n, h_tm1, Sigmoid(a))", {"a": -1.0}),
        # A reset gate acts before a Linear: it forgets nothing.
        ("h_t = Tanh(Linear(x_t, Mult(Sigmoid(a), h_tm1)))", {}),
        # The state that is multiplied must be the one that goes on.
        ("c_t = Add(n, Mult(c_tm1, n)); h_t = Mult(Sigmoid(a), c_tm1)", {}),
        # A gate that is itself gated by the state.
        ("h_t = Mult(n, Sigmoid(Mult(Sigmoid(a), h_tm1)))", {}),
        # Other squashing functions are no gates.
        ("h_t = Add(n, Mult(Tanh(a), h_tm1))", {}),
        # One bias for both directions.
        (
            "c_t = Add(n, Mult(Sigmoid(a), c_tm1)); "
            "h_t = Add(Mult(OneMinus(Sigmoid(a)), h_tm1), c_t)",
            {},
        ),
    ],
)
def test_gates(text, expected):
    assert gates(LINEAR + text) == expected


def test_published_cells():
    signs = {name: list(forget_gates(cell).values()) for name, cell in zoo.items()}
    assert signs == {
        "rnn": [], "lstm": [1.0], "lstm_b": [1.0], "lstm_f": [], "lstm_i": [1.0], "lstm_o": [1.0],
        "gru": [1.0], "mgu": [-1.0], "mut1": [-1.0], "mut2": [-1.0], "mut3": [-1.0],
        "nascell": [], "bc3": [-1.0],
    }  # fmt: skip


def test_the_biased_gate_of_lstm_b_is_its_forget_gate():
    cell = zoo["lstm_b"]
    assert [cell.nodes[i].bias for i in forget_gates(cell)] == [1.0]
