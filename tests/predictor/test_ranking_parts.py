"""What the ranking function looks at: each part, many cells at once, against one cell by hand."""

import random
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from archsearch.cell import OPERATORS, Cell, parse, zoo
from archsearch.compiler import reference
from archsearch.compiler.program import weight_slots
from archsearch.predictor.cell_batch import KIND_NUMBER, CellBatch
from archsearch.predictor.signals import run_cells, signals
from archsearch.predictor.structure import COSTS, structure
from archsearch.predictor.tree_lstm import TreeLSTM
from archsearch.space import GPTreeSpace

SPACE = GPTreeSpace()
ORDERED = parse(
    "a = Sub(Linear(x_t, h_tm1, bias=1), x_tm1); c_t = Div(Gate3(c_tm1, a, h_tm1), d_tm1);"
    "d_t = Add(c_tm1, a); h_t = Blend(Sigmoid(a), LayerNorm(c_t), PosEnc(Max(d_t, h_tm1)))"
)


def cells() -> list[Cell]:
    rng = random.Random(0)
    drawn = [SPACE.decode(SPACE.sample(rng)) for _ in range(20)]
    return [*(zoo[name] for name in zoo), ORDERED, *drawn]


@pytest.fixture
def network() -> TreeLSTM:
    generator = torch.Generator().manual_seed(0)
    network = TreeLSTM(8, 0.2, generator).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return network.double()


def unrolled_by_hand(network: TreeLSTM, cell: Cell) -> float:
    """Tai et al. 2015, equations 2 to 8, node by node down the tree."""
    feeds = dict(cell.outputs)

    def vectors(index: int, unrolled: bool) -> tuple[torch.Tensor, torch.Tensor]:
        node = cell.nodes[index]
        if not node.args:
            if unrolled and node.state is not None:
                return vectors(feeds[node.state], False)
            h, c = network.sources[KIND_NUMBER.get(node.op, KIND_NUMBER["memory"])].chunk(2)
            return h, c
        x = network.operators[KIND_NUMBER[node.op]] + np.tanh(node.bias) * network.bias
        x_gates, x_forget = x[: 3 * network.width], x[3 * network.width :] + 1.0
        gates, kept = x_gates, torch.zeros(network.width)
        for position, argument in enumerate(node.args):
            h, c = vectors(argument, unrolled)
            weight = network.weight
            if position and not OPERATORS[node.op].commutative:
                weight = weight + network.later[position - 1]
            message = h @ weight
            gates = gates + message[: 3 * network.width]
            kept = kept + torch.sigmoid(message[3 * network.width :] + x_forget) * c
        i, o, u = gates.chunk(3)
        c = torch.sigmoid(i) * torch.tanh(u) + kept
        return torch.sigmoid(o) * torch.tanh(c), c

    h, _ = vectors(feeds["h"], True)
    return float(h @ network.last_weight + network.last_bias)


@torch.no_grad()
def test_tree_lstm_of_a_batch_is_that_of_each_unrolled_tree(network: TreeLSTM) -> None:
    by_hand = [unrolled_by_hand(network, cell) for cell in cells()]
    assert network(CellBatch.of(cells())).tolist() == pytest.approx(by_hand)


@torch.no_grad()
def test_tree_lstm_sees_what_feeds_a_memory_and_the_order_of_arguments(network: TreeLSTM) -> None:
    texts = [
        "h_t = Sub(Linear(x_t, h_tm1), c_tm1); c_t = Tanh(x_t)",
        "h_t = Sub(Linear(x_t, h_tm1), c_tm1); c_t = Sigmoid(x_t)",
        "h_t = Sub(c_tm1, Linear(x_t, h_tm1)); c_t = Tanh(x_t)",
    ]
    guesses = network(CellBatch.of([parse(text) for text in texts])).tolist()
    assert len(set(guesses)) == 3


def test_tree_lstm_drops_out_only_while_it_trains() -> None:
    network = TreeLSTM(8, 0.5, torch.Generator().manual_seed(0))
    batch = CellBatch.of(cells())
    assert network.train()(batch).tolist() != network(batch).tolist()
    assert network.eval()(batch).tolist() == network(batch).tolist()


@pytest.mark.parametrize("cell", cells(), ids=str)
def test_signals_run_the_cell_as_the_reference_does(cell: Cell) -> None:
    rng = np.random.default_rng(0)
    weight = 0.1 * rng.standard_normal((6, 6))  # one for all, so that it does not matter where
    x = 0.5 * rng.standard_normal((3, 2, 6))
    num_weights = len(weight_slots(cell))
    biases = [np.full(6, cell.nodes[linear].bias) for linear in cell.linears]
    expected, _ = reference.run(cell, [weight.T] * num_weights, biases, x)
    batch = CellBatch.of([zoo["gru"], cell, zoo["lstm"]])
    ours = run_cells(batch, np.stack([weight] * 24).astype(np.float32), x.astype(np.float32))
    np.testing.assert_allclose(ours[:, 1], expected, rtol=1e-3, atol=1e-4)


def test_features_of_a_cell_do_not_depend_on_its_company() -> None:
    together = CellBatch.of(cells())
    for features in (structure, signals):
        alone = np.concatenate([features(CellBatch.of([cell])) for cell in cells()])
        np.testing.assert_allclose(features(together), alone, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    "text",
    [
        "h_t = h_tm1",
        "h_t = x_t",
        "c_t = Linear(c_tm1, x_t); h_t = Tanh(Linear(x_t, h_tm1))",
        "h_t = Add(Mult(h_tm1, h_tm1), Linear(x_t, bias=1000))",
        "h_t = Div(h_tm1, Sub(x_t, x_t))",
    ],
)
def test_features_are_finite_for_the_oddest_cells(text: str) -> None:
    batch = CellBatch.of([parse(text)])
    assert np.isfinite(structure(batch)).all()
    assert np.isfinite(signals(batch)).all()


def paths_down(cell: Cell, index: int) -> Iterator[tuple[list[str], str]]:
    """The operators on each path from a node to a source, and the source."""
    node = cell.nodes[index]
    if not node.args:
        yield [], node.op
    for argument in node.args:
        for operators, source in paths_down(cell, argument):
            yield [node.op, *operators], source


@pytest.mark.parametrize("cell", cells(), ids=str)
def test_path_costs_are_those_of_all_paths(cell: Cell) -> None:
    roots = [[cell.outputs[0][1]], [index for _, index in cell.outputs[1:]]]
    expected: list[list[float]] = [[], []]  # least, greatest
    for root in roots:
        paths = [path for index in root for path in paths_down(cell, index)]
        for ends in (["x_t", "x_tm1"], ["h_tm1"], [f"{name}_tm1" for name in cell.memories]):
            for cost in COSTS:
                found = [
                    sum(op in cost for op in operators)
                    for operators, source in paths
                    if source in ends
                ]
                expected[0].append(min(min(found, default=np.inf), 12))
                expected[1].append(min(max(found, default=-1), 12))
    last = structure(CellBatch.of([cell]))[0, -2 * len(expected[0]) :]
    assert last.tolist() == [*expected[0], *expected[1]]
