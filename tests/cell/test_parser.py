"""What the language means, and what it says of text that means nothing."""

import contextlib
import random
import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archsearch.cell import Cell, CellError, Node, parse


def test_names_are_shared_nodes():
    cell = parse("a = Linear(x_t, h_tm1); b = a; h_t = Mult(Tanh(a), Sigmoid(b))")
    assert len(cell.linears) == 1


def test_blanks_newlines_comments_and_a_last_semicolon():
    spaced = """
        # a simple network
        h_t = Tanh ( Linear(x_t,  # the input
              h_tm1) ) ;
    """
    assert parse(spaced) == parse("h_t=Tanh(Linear(x_t,h_tm1))")


def test_mm_is_a_linear_of_one_argument():
    assert parse("h_t = Add(MM(x_t), MM(h_tm1))") == parse("h_t = Add(Linear(x_t), Linear(h_tm1))")


def test_bias():
    cell = parse("h_t = Linear(x_t, bias=-.5e0)")
    assert cell.nodes == (Node("x_t"), Node("Linear", (0,), -0.5))
    named = parse("bias = Tanh(x_t); h_t = Linear(x_t, bias)")
    assert named == parse("h_t = Linear(x_t, Tanh(x_t))")


def test_a_single_expression_is_the_output():
    assert parse("Tanh(Linear(x_t, h_tm1))") == parse("h_t = Tanh(Linear(x_t, h_tm1))")


@pytest.mark.parametrize(
    ("k", "memory"),
    [
        # Levels from the deepest: x_t, c_tm1 | Linear(x_t), Sin(c_tm1), x_t | Tanh, Linear | Add.
        (1, "x_t"),
        (2, "c_tm1"),
        (3, "a"),
        (4, "Sin(c_tm1)"),
        (5, "x_t"),
        (6, "t"),
        (7, "l"),
        (8, "h_t"),
    ],
)
def test_inner_node_numbers_count_up_from_the_deepest_level(k, memory):
    assert parse(f"Add(Tanh(Linear(x_t)), Linear(Sin(c_tm1), x_t)) | {k}") == parse(
        "a = Linear(x_t); t = Tanh(a); l = Linear(Sin(c_tm1), x_t); "
        f"h_t = Add(t, l); c_t = {memory}"
    )


HOSTILE = {
    "": "the text is empty",
    "# nothing": "the text is empty",
    "h_t": "unknown name h_t",
    "h_t =": "expected an operator, a source or a name, got the end of the text",
    "h_t = Tanh(x_t": r"expected , or \) in the arguments of Tanh, got the end",
    "h_t = Tanh(x_t))": r"expected ; between statements, got \)",
    "h_t = Tanh(x_t) c_t = x_t": "expected ; between statements, got c_t",
    "Tanh(x_t); Tanh(x_t)": "several statements are written",
    "Add(x_t, x_t) = h_t": "a single name before =",
    "h_t = Tahn(x_t)": "unknown operator Tahn; did you mean Tanh",
    "h_t = sigmoid(x_t)": "did you mean Sigmoid",
    "h_t = Tanh": r"expected \( after Tanh",
    "h_t = Tanh()": "Tanh takes 1 argument, got 0",
    "h_t = Add(x_t)": "Add takes 2 arguments, got 1",
    "h_t = Add(x_t, x_t, x_t)": "Add takes 2 arguments, got 3; nest",
    "h_t = MM(x_t, h_tm1)": "MM takes 1 argument, got 2",
    "h_t = Linear(" + "x_t, " * 8 + "x_t)": "Linear takes 1 to 8 arguments, got 9",
    "gate = x_t; h_t = Tanh(gat)": "unknown name gat; did you mean gate",
    "h_t = Tanh(h_t)": "a cycle inside one step: h_t needs h_t;.*h_tm1",
    "a = Tanh(b); b = Tanh(a); h_t = b": "a cycle inside one step: a needs b needs a;",
    "a = x_t;\na = h_tm1; h_t = a": "a is already defined in line 1",
    "h_t = x_t; h_t = h_tm1": "h_t is already defined",
    "x_t = h_tm1; h_t = x_t": "x_t is a source and cannot be defined",
    "c_tm1 = x_t; h_t = c_tm1": "c_tm1 is a source and cannot be defined",
    "Tanh = x_t; h_t = x_t": "Tanh is an operator and cannot be defined",
    "_t = x_t; h_t = x_t": "expected a memory's name",
    "c_t = Tanh(c_tm1)": "h_t is missing",
    "h_t = Tanh(c_tm1)": "c_tm1 is read, but no statement c_t",
    "cell_t = x_t; h_t = Tanh(cel_tm1)": "did you mean cell_tm1",
    "Tanh(c_tm1)": r"append \|k",
    "Tanh(x_t) | 3": r"number of a node, 1 to 2 \(h_t\), got 3",
    "Tanh(x_t) | 0": "1 to 2",
    "Tanh(x_t) | -1": "1 to 2",
    "Tanh(x_t) | 1.5": "1 to 2",
    "Tanh(x_t) |" + "9" * 90_000: "1 to 2.*got 9999",
    "Tanh(x_t) |": "number of the node that gives c_t, got the end",
    "h_t = Linear(x_t, bias=1e999)": "a bias between −1000 and 1000, got 1e999",
    "h_t = Linear(x_t, bias=" + "9" * 90_000 + ")": "a bias between",
    "h_t = Linear(x_t, bias=nan)": "expected a number, as in bias=1, got nan",
    "h_t = Linear(x_t, bias=1, h_tm1)": r"expected , or \)",
    "h_t = Tanh(x_t, bias=1)": "only Linear has a bias, not Tanh",
    "h_t\0 = x_t": r"unexpected character U\+0000",
    "h_t = ∑(x_t)": r"unexpected character U\+2211",
    "ḣ_t = x_t": r"unexpected character U\+1E23",
    "h_t = \ud800": r"unexpected character U\+D800",
    "h_t = " + "Tanh(" * 1_000 + "x_t" + ")" * 1_000: "1001 distinct nodes; expected at most 1000",
    "h_t = " + "Tanh(" * 300 + "x_t" + ")" * 300: "300 operators on its longest path.*250",
    "h_t = " + "Tanh(" * 15_000 + "x_t" + ")" * 15_000: "at most 1000",
    "h_t = " + "Add(x_t," * 10_000 + "x_t" + ")" * 10_000: "at most 1000",
    "h_t = " + "Tanh(" * 19_000: "got the end of the text",
    "(" * 90_000: r"got \(",
    "".join(f"a{i}=Linear(x_t);" for i in range(5_000)) + "h_t=a1x": "did you mean a1",
    "".join(f"m{i}_t=Tanh(m{i + 1}_tm1);" for i in range(3_000)) + "m3000_t=x_t;h_t=m0_tm1": (
        "3001 memories"
    ),
    "a" * 100_001: "100001 characters; expected at most 100000",
    "a" * 100_000: "unknown name aaaa",
}


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_explained_in_time(text):
    started = time.process_time()
    with pytest.raises(CellError, match=HOSTILE[text]) as error:
        parse(text)
    assert time.process_time() - started < 20
    message = str(error.value)
    assert len(message) < 700
    assert all(c.isprintable() or c == "\n" for c in message)


@pytest.mark.parametrize("text", [None, 3, b"h_t = x_t", ["h_t = x_t"]])
def test_anything_but_text_is_explained(text):
    with pytest.raises(CellError, match="expected the text of a cell"):
        parse(text)


def test_the_place_is_shown():
    with pytest.raises(CellError) as error:
        parse("z = Tanh(x_t);\nh_t = Add(z, Sigmod(z))")
    assert str(error.value) == (
        "line 2, column 14: unknown operator Sigmod; did you mean Sigmoid?\n"
        "  h_t = Add(z, Sigmod(z))\n"
        "               ^"
    )


def test_the_place_is_shown_in_a_long_line():
    with pytest.raises(CellError) as error:
        parse("h_t = " + "Tanh(" * 200 + "y" + ")" * 200)
    _, excerpt, caret = str(error.value).splitlines()
    assert excerpt[caret.index("^")] == "y"
    assert len(excerpt) < 100


@settings(deadline=None, max_examples=200)
@given(seed=st.integers(0, 2**32 - 1))
def test_damaged_text_parses_or_is_explained(seed):
    rng = random.Random(seed)
    text = "c_t = Add(Mult(f, c_tm1), i); h_t = Linear(x_t, bias=1.5) # end\n"
    text = list("f = Sigmoid(Linear(x_t, h_tm1)); i = Tanh(Linear(x_t, h_tm1)); " + text)
    for _ in range(rng.randint(1, 6)):
        place = rng.randrange(len(text))
        text[place : place + rng.randint(0, 3)] = rng.choice(
            [*string.printable, "h_t", "Add(", "|2", "é", "\0", ""]
        )
    with contextlib.suppress(CellError):
        assert isinstance(parse("".join(text)), Cell)


def test_statements_may_stand_in_any_order():
    forwards = parse("a = Tanh(Linear(x_t, h_tm1)); c_t = Add(a, c_tm1); h_t = Mult(a, Sin(c_t))")
    backwards = parse("h_t = Mult(a, Sin(c_t)); c_t = Add(a, c_tm1); a = Tanh(Linear(x_t, h_tm1))")
    assert backwards == forwards
