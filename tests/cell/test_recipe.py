"""Recipes of NAS-Bench-NLP: small ones here, and all of the benchmark where it is at hand."""

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archsearch.cell import Cell, CellError, from_recipe, parse

Recipe = dict[str, dict[str, Any]]

SMALL: Recipe = {
    "h_new_0": {"op": "elementwise_prod", "input": ["gate", "h_new_1"]},
    "h_new_1": {"op": "blend", "input": ["gate", "h_prev_1", "node_1"]},
    "node_1": {"op": "activation_leaky_relu", "input": ["x"]},
    "gate": {"op": "activation_sigm", "input": ["node_0"]},
    "node_0": {"op": "linear", "input": ["x", "h_prev_0"]},
}


def test_nodes_may_come_in_any_order():
    cell = from_recipe(SMALL)
    assert cell == parse(
        "gate = Sigmoid(Linear(x_t, h_tm1)); c_t = Blend(gate, c_tm1, LeakyReLU(x_t));"
        "h_t = Mult(gate, c_t)"
    )
    assert from_recipe(dict(reversed(SMALL.items()))) == cell
    assert set(cell.labels) == {None, "gate"}


def test_sums_of_many_are_folded():
    recipe = {"h_new_0": {"op": "elementwise_sum", "input": ["x", "h_prev_0", "x"]}}
    assert from_recipe(recipe) == parse("h_t = Add(Add(x_t, h_tm1), x_t)")


@pytest.mark.parametrize(
    ("node", "entry", "problem"),
    [
        ("node_0", {"op": "liner", "input": ["x"]}, "node node_0: unknown op liner.*linear"),
        ("node_0", {"op": ["linear"], "input": ["x"]}, "node node_0: unknown op"),
        ("node_0", {"op": "linear", "input": ["y"]}, "node node_0: input y is missing"),
        ("node_0", {"op": "linear", "input": ["gat"]}, "input gat is missing; did you mean gate"),
        ("node_0", {"op": "linear", "input": []}, "node node_0: expected a list of inputs"),
        ("node_0", {"op": "linear", "input": "x"}, "node node_0: expected a list of inputs"),
        ("node_0", {"op": "linear", "input": [3]}, "node node_0: expected names as inputs"),
        ("node_0", {"op": "linear", "input": [["x"]]}, "node node_0: expected names as inputs"),
        (3, {"op": "linear", "input": ["x"]}, "node 3: expected a name"),
        ("node_0", {"op": "linear", "input": ["x"] * 9}, "node node_0: Linear takes 1 to 8"),
        ("node_0", {"op": "linear", "input": ["h_prev_7"]}, "no node h_new_7"),
        ("node_0", {"op": "linear", "input": ["gate"]}, "node gate: it depends on itself"),
        ("node_0", {"op": "linear", "input": ["node_0"]}, "node node_0: it depends on itself"),
        ("gate", {"op": "activation_sigm", "input": ["x", "x"]}, "node gate: Sigmoid takes 1"),
        ("node_0", {"op": "linear"}, "node node_0: expected .*input"),
        ("node_0", None, "node node_0: expected"),
        ("x", {"op": "linear", "input": ["x"]}, "node x: this is an input"),
        ("h_prev_0", {"op": "linear", "input": ["x"]}, "node h_prev_0: this is an input"),
    ],
)
def test_a_malformed_recipe_names_the_node(node, entry, problem):
    with pytest.raises(CellError, match=problem):
        from_recipe({**SMALL, node: entry})


def test_a_recipe_needs_an_output_and_is_a_mapping():
    with pytest.raises(CellError, match="expected a node h_new_0"):
        from_recipe({"node_0": {"op": "linear", "input": ["x"]}})
    for other in (None, [], "recipe"):
        with pytest.raises(CellError, match="expected a recipe"):
            from_recipe(other)


def test_long_recipes_do_not_overflow():
    recipe = {"h_new_0": {"op": "activation_tanh", "input": ["n0"]}}
    for i in range(5_000):
        recipe[f"n{i}"] = {"op": "activation_tanh", "input": [f"n{i + 1}" if i < 4_999 else "x"]}
    with pytest.raises(CellError, match="5002 distinct nodes"):
        from_recipe(recipe)


# The benchmark's networks: three layers, embedding and decoder tied, a bias for each symbol.
LAYERS = ((400, 600), (600, 600), (600, 400))
FILES = {"ptb_perplexity.jsonl.gz": 10_000, "wikitext2_curves.jsonl.gz": 33_278}


def parameters(linears: list[list[str]], vocabulary: int) -> int:
    """Of a network whose cell has these Linears, each given by its arguments."""
    total = vocabulary * 400 + vocabulary
    for num_inputs, num_outputs in LAYERS:
        for args in linears:
            widths = [num_inputs if arg == "x" else num_outputs for arg in args]
            total += sum(widths) * num_outputs + num_outputs
    return total


def linears_of(cell: Cell) -> list[list[str]]:
    names = {i: "x" if node.op == "x_t" else node.op for i, node in enumerate(cell.nodes)}
    return [[names[arg] for arg in cell.nodes[i].args] for i in cell.linears]


def benchmark(name: str) -> Iterator[tuple[Recipe, int]]:
    root = os.environ.get("ARCHSEARCH_DATA")
    if not root:
        pytest.skip("ARCHSEARCH_DATA does not say where the data sets are")
    path = Path(root) / "nas_bench_nlp" / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            yield row["recipe"], row["num_params"]


@pytest.mark.parametrize(
    ("name", "num_recipes"),
    [("ptb_perplexity.jsonl.gz", 2_448), ("wikitext2_curves.jsonl.gz", 264)],
)
def test_a_network_of_every_recipe_has_the_benchmarks_parameters(name, num_recipes):
    counted = [
        parameters(linears_of(from_recipe(recipe)), FILES[name]) == num_params
        for recipe, num_params in benchmark(name)
    ]
    assert counted == [True] * num_recipes


def test_the_benchmark_has_the_published_cells():
    rows = list(benchmark("wikitext2_curves.jsonl.gz"))
    cells = [from_recipe(recipe) for recipe, _ in rows]
    assert parse("h_t = Tanh(Linear(x_t, h_tm1))") in cells
    assert (
        parse(
            "c_t = Add(Mult(Sigmoid(Linear(x_t, h_tm1)), c_tm1),"
            "Mult(Sigmoid(Linear(x_t, h_tm1)), Tanh(Linear(x_t, h_tm1))));"
            "h_t = Mult(Tanh(Linear(x_t, h_tm1)), Tanh(c_t))"
        )
        in cells
    )
