import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archsearch.cell import parse
from archsearch.space import GenomeError, GPTreeSpace, TreeGenome
from archsearch.space.distance import cell_shape
from archsearch.space.tree import Tree

SPACE = GPTreeSpace()
LOW = GPTreeSpace(min_height=1)  # the same rules for small trees
LINEAR = "linear"


def build(data: Any) -> Tree:
    """A tree from nested lists, unchecked."""
    if isinstance(data, str):
        return Tree(data)
    return Tree(data[0], tuple(build(child) for child in data[1:]))


def genome(tree: Any, **feeds: tuple[int, ...]) -> TreeGenome:
    return TreeGenome(build(tree), tuple(sorted(feeds.items())))


GATE = ["Sigmoid", LINEAR]
LSTM = genome(
    ["Mult", GATE, ["Tanh", ["Add", ["Mult", GATE, "c"], ["Mult", GATE, ["Tanh", LINEAR]]]]],
    c=(1, 0),
)


def test_decodes_the_lstm() -> None:
    assert LOW.check(LSTM) is None
    lstm = parse(
        "f = Sigmoid(Linear(x_t, h_tm1)); i = Sigmoid(Linear(x_t, h_tm1));"
        "g = Tanh(Linear(x_t, h_tm1)); o = Sigmoid(Linear(x_t, h_tm1));"
        "c_t = Add(Mult(f, c_tm1), Mult(i, g)); h_t = Mult(o, Tanh(c_t))"
    )
    assert LOW.decode(LSTM) == lstm


def test_the_start_is_one_form_with_one_memory() -> None:
    rng = random.Random(1)
    starts = [SPACE.start(rng) for _ in range(20)]
    assert len({start.tree.shape for start in starts}) == 1
    assert len({SPACE.decode(start).key for start in starts}) == 20
    for start in starts:
        leaves = [node.element for _, node in start.tree.walk() if not node.children]
        assert SPACE.check(start) is None
        assert (start.tree.height, len(leaves), leaves.count("c")) == (6, 8, 1)


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_samples_are_valid_cells_that_survive_json(seed: int) -> None:
    sample = SPACE.sample(random.Random(seed))
    cell = SPACE.decode(sample)
    assert SPACE.check(sample) is None
    assert SPACE.from_json(json.loads(json.dumps(SPACE.to_json(sample)))) == sample
    num_leaves = sum(node.element == LINEAR for _, node in sample.tree.walk())
    assert (cell_shape(cell) is sample.tree.shape) == (len(cell.linears) == num_leaves)
    assert cell.elementwise_sources == ()
    assert sample == SPACE.sample(random.Random(seed))


REJECTED = {
    "elements": (genome(["Tanh", ["Add", LINEAR, "x_t"]]), "expected one of linear, c, d, e, f"),
    "height": (genome(["Tanh", ["Add", LINEAR, LINEAR]]), "expected a height of 6 to 15, got 2"),
    "consecutive non-linearities": (genome(["Tanh", ["Sigmoid", LINEAR]]), "Tanh of Sigmoid"),
    "inputs": (genome(["Tanh", ["Add", "c", ["Sigmoid", "c"]]], c=(0,)), "no linear leaf"),
    "memory feeds": (genome(["Add", LINEAR, ["Tanh", "c"]], c=()), "cannot be fed from the root"),
    "zero signal": (
        genome(["Add", LINEAR, ["Mult", LINEAR, ["Tanh", "c"]]], c=(1,)),
        "memory c would stay 0",
    ),
}


@pytest.mark.parametrize("rule", REJECTED)
def test_a_rejection_names_its_rule(rule: str) -> None:
    broken, reason = REJECTED[rule]
    rejection = (SPACE if rule == "height" else LOW).check(broken)
    assert rejection is not None
    assert rejection.rule == rule
    assert reason in rejection.reason


def test_size_is_limited_by_what_a_cell_may_hold() -> None:
    tree = Tree(LINEAR)
    for _ in range(9):
        tree = Tree("Add", (tree, tree))
    rejection = SPACE.check(TreeGenome(tree))
    assert rejection is not None
    assert (rejection.rule, "1025 nodes" in rejection.reason) == ("size", True)


def test_a_memory_without_a_feed_is_rejected() -> None:
    rejection = LOW.check(genome(["Add", LINEAR, ["Tanh", "c"]]))
    assert rejection is not None
    assert "expected feeds for the memories ['c'], got []" in rejection.reason


def test_a_memory_may_live_from_another_one() -> None:
    # d is not 0: from the second step on it holds the tanh of c, which is fed by a linear leaf.
    fed = genome(["Add", ["Tanh", "c"], ["Add", ["ReLU", LINEAR], "d"]], c=(1, 0), d=(0,))
    assert LOW.check(fed) is None


def deep_list(levels: int) -> Any:
    data: Any = LINEAR
    for _ in range(levels):
        data = ["Add", data, LINEAR]
    return data


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, 'expected an object with "tree" and "feeds", got None'),
        ({"tree": LINEAR}, 'expected an object with "tree" and "feeds"'),
        ({"tree": ["Tanh", 3], "feeds": {}}, r"expected a leaf's name .* at node \[0\], got 3"),
        ({"tree": ["Tanh"], "feeds": {}}, "at the root, got"),
        ({"tree": deep_list(2000), "feeds": {}}, "expected a height of at most 15, got more"),
        ({"tree": LINEAR, "feeds": {"c": "0"}}, 'expected "feeds" as lists of child numbers'),
        ({"tree": ["Exp", LINEAR], "feeds": {}}, "elements: expected one of Tanh, Sigmoid, ReLU"),
        ({"tree": deep_list(3), "feeds": {}}, "height: expected a height of 6 to 15, got 3"),
        ({"tree": deep_list(7), "feeds": {"c": [0]}}, "memory feeds"),
        ({"tree": LINEAR, "feeds": deep_list(5000)}, 'expected "feeds" as lists'),
        ({"tree": ["Add", *[LINEAR] * 3], "feeds": {}}, "expected 0 to 2 arguments .*, got 3"),
    ],
)
def test_json_that_is_no_genome(data: Any, message: str) -> None:
    with pytest.raises(GenomeError, match=message):
        SPACE.from_json(data)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"unary": ["Tanh", "Exp"]}, "unary: expected 1 or more different ones of Cos"),
        ({"binary": []}, r"binary: expected 1 or more different ones of .*, got \[\]"),
        ({"binary": ["Add", "Add"]}, "binary: expected 1 or more different"),
        ({"max_height": 0}, "max_height: expected an integer between 6 and 100, got 0"),
        ({"max_memories": -1}, "max_memories: expected an integer between 0 and 8, got -1"),
        ({"memory_leaf_rate": 1.1}, "memory_leaf_rate: expected a number between 0 and 1"),
    ],
)
def test_parameters_out_of_range(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GPTreeSpace(**parameters)


def test_without_memories() -> None:
    rng = random.Random(3)
    plain = GPTreeSpace(max_memories=0)
    assert plain.start(rng).tree.memories == plain.sample(rng).tree.memories == ()
