"""Search spaces have a sum of linear maps as one map, which can do just what the sum could."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from archsearch.architecture import HeterogeneousLayer
from archsearch.cell import Cell, Node, canonical, parse
from archsearch.cell.linear_folding import fold_linears
from archsearch.compiler import reference
from archsearch.space import CellSpace, DSLSpace, GPTreeSpace, GraphSpace, NASBaseSpace, TreeGenome
from archsearch.space.dsl import RULES
from archsearch.space.expression import operator_tokens
from archsearch.space.heterogeneous import HeterogeneousSpace

SPACES: dict[str, CellSpace[Any]] = {
    "gp_tree": GPTreeSpace(),
    "dsl_core": DSLSpace(),
    "dsl_extended": DSLSpace(operator_tokens()),
    "dsl with stacks": DSLSpace(("MM", "Tanh", "Add"), rules=[r for r in RULES if r != "stacking"]),
    "nas_base": NASBaseSpace(),
    "graph": GraphSpace(),
}
# Those in which sums of linear maps are common enough for a few hundred draws.
SUMS = {
    "gp_tree": GPTreeSpace(unary=("Tanh",), binary=("Add", "Sub", "Mult")),
    "dsl": DSLSpace(("MM", "Add", "Sub"), ("x_t", "h_tm1"), rules=["nodes", "height", "inputs"]),
    "nas_base": NASBaseSpace(4, activations=("identity",)),
    "graph": GraphSpace(activations=("Tanh", "Linear")),
}


@contextmanager
def no_folding() -> Iterator[None]:
    """Spaces decode as if there were no folding."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(canonical, "fold_linears", lambda nodes, _: (nodes, list(range(len(nodes)))))
        yield


def draws(space: CellSpace[Any], count: int) -> Iterator[tuple[Any, Cell]]:
    """Genomes, and their cells without folding."""
    rng = random.Random(1)
    with no_folding():
        genomes = [space.sample(rng) for _ in range(count)]
        cells = [space.decode(genome) for genome in genomes]
    yield from zip(genomes, cells, strict=True)


@pytest.mark.parametrize("name", SUMS)
def test_the_folded_cell_can_do_what_the_sums_could(name: str) -> None:
    num_folded = 0
    for _, cell in draws(SUMS[name], 150):
        states, outputs = zip(*cell.outputs, strict=True)
        nodes, kept = fold_linears(cell.nodes, outputs)
        feeds = tuple(zip(states, map(kept.index, outputs), strict=True))
        folded = SimpleNamespace(nodes=nodes, outputs=feeds, linears=linears(nodes))
        assert Cell.build(nodes, feeds) == cell.with_folded_linears()
        if nodes == list(cell.nodes):
            continue
        num_folded += 1
        assert len(folded.linears) < len(cell.linears)

        rng = np.random.default_rng(num_folded)
        maps = Maps(cell, rng, size=3)
        totals = [(maps.total(kept[index]), nodes[index]) for index in folded.linears]
        weights = [total[kept[arg]] for total, node in totals for arg in node.args]
        biases = [total["bias"] for total, _ in totals]
        x = rng.normal(size=(4, 2, 3))
        expected, states_before = reference.run(cell, maps.weights, maps.biases, x)
        got, states_after = reference.run(folded, weights, biases, x)
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9)
        for state in states:
            np.testing.assert_allclose(states_after[state], states_before[state], 1e-9, 1e-9)
    assert num_folded > 20


def linears(nodes: list[Node]) -> tuple[int, ...]:
    return tuple(index for index, node in enumerate(nodes) if node.op == "Linear")


class Maps:
    """Drawn weights and biases of a cell, and what its sums of maps amount to."""

    def __init__(self, cell: Cell, rng: np.random.Generator, size: int) -> None:
        self._nodes = cell.nodes
        self._of = {
            index: (
                [rng.normal(0, 0.5, (size, size)) for _ in cell.nodes[index].args],
                rng.normal(0, 0.5, size),
            )
            for index in cell.linears
        }
        self.weights = [weight for weights, _ in self._of.values() for weight in weights]
        self.biases = [bias for _, bias in self._of.values()]

    def total(self, index: int) -> dict[int | str, Any]:
        """The sum at a node: a matrix for each argument, and "bias"."""
        total: dict[int | str, Any] = {}
        for sign, linear in self._summands(index):
            weights, bias = self._of[linear]
            total["bias"] = total.get("bias", 0) + sign * bias
            for arg, weight in zip(self._nodes[linear].args, weights, strict=True):
                total[arg] = total.get(arg, 0) + sign * weight
        return total

    def _summands(self, index: int) -> list[tuple[int, int]]:
        node = self._nodes[index]
        if node.op == "Linear":
            return [(1, index)]
        left, right = (self._summands(arg) for arg in node.args)
        flip = -1 if node.op == "Sub" else 1
        return left + [(flip * sign, linear) for sign, linear in right]


@pytest.mark.parametrize("name", SPACES)
def test_a_space_decodes_to_folded_cells_and_back(name: str) -> None:
    space = SPACES[name]
    for genome, unfolded in draws(space, 150):
        cell = unfolded.with_folded_linears()
        if name != "graph":  # whose genomes are cells
            assert space.decode(genome) == cell
        encoded = space.encode(unfolded)  # as an earlier run may have found it
        assert (encoded is None) == (space.encode(cell) is None)
        if encoded is None:
            assert name == "graph"
        else:
            assert space.decode(encoded) == cell
            assert space.from_json(space.to_json(encoded)) == encoded


def test_genomes_that_differ_by_a_sum_alone_are_one_cell() -> None:
    space = GPTreeSpace(min_height=1)
    pair = ["Add", "linear", "linear"]
    plain, double, triple = (
        space.from_json({"tree": ["Tanh", ["Mult", ["Tanh", leaf], "linear"]], "feeds": {}})
        for leaf in ("linear", pair, ["Add", pair, "linear"])
    )
    cells = {space.decode(genome) for genome in (plain, double, triple)}
    assert cells == {parse("h_t = Tanh(Mult(Tanh(Linear(x_t, h_tm1)), Linear(x_t, h_tm1)))")}
    # Distances and species are those of trees, which stay as they are.
    assert len({genome.tree.shape for genome in (plain, double, triple)}) == 3


def test_a_leaf_of_a_tree_may_have_to_be_a_sum_again() -> None:
    space = SPACES["gp_tree"]
    low = space.encode(parse("h_t = Tanh(Linear(x_t, h_tm1))"))
    assert isinstance(low, TreeGenome)
    assert low.tree.height == 6
    fed = parse(
        "c_t = Linear(x_t, h_tm1); a = Tanh(Mult(Tanh(c_t), Linear(x_t, h_tm1)));"
        "h_t = Tanh(Mult(a, Mult(c_tm1, Linear(x_t, h_tm1))))"
    )
    genome = space.encode(fed)
    assert isinstance(genome, TreeGenome)
    assert genome.tree.at(dict(genome.feeds)["c"]).element == "Add"


def test_layers_are_made_of_folded_cells() -> None:
    double = parse("h_t = Tanh(Add(Linear(x_t, h_tm1), Linear(x_t, h_tm1)))")
    single, other = double.with_folded_linears(), parse("h_t = Sigmoid(Linear(x_t, h_tm1))")
    space = HeterogeneousSpace([double, single, other], 2)
    assert space.pool == (single, other)
    assert space.encode(HeterogeneousLayer((double, other))) == HeterogeneousLayer((single, other))
    with pytest.raises(ValueError, match="at least 2 different cells, got 1"):
        HeterogeneousSpace([double, single], 2)
