"""Random cells mean the same to the reference and to the plain backend, forward and backward.

Shapes: T time steps, B batch, X input features, H hidden features.
"""

from random import Random

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor

from archsearch.cell import parse, zoo
from archsearch.cell.cell import Cell, Node
from archsearch.cell.operators import OPERATORS
from archsearch.compiler import check, compile, reference, weight_slots
from archsearch.compiler.backends import PlainBackend, make_backend
from archsearch.compiler.lower import lower
from archsearch.compiler.pipeline import PASSES
from archsearch.compiler.program import X_SOURCES

KINKED = ("Max", "ReLU", "LeakyReLU", "SeLU", "Div")
SMOOTH = tuple(name for name in OPERATORS if name not in KINKED)


def random_cell(rng: Random, operators: tuple[str, ...] = tuple(OPERATORS)) -> Cell:
    """Any graph over all sources, with up to three memories; half of its operators are Linear."""
    memories = ["c", "d", "e"][: rng.randrange(4)]
    sources = ["x_t", "h_tm1", "x_tm1", *[f"{memory}_tm1" for memory in memories]]
    nodes = [Node(source) for source in sources]
    for _ in range(rng.randrange(2, 13)):
        operator = OPERATORS["Linear" if rng.random() < 0.5 else rng.choice(operators)]
        num_args = rng.randint(operator.min_args, min(operator.max_args, 3))
        args = tuple(rng.randrange(len(nodes)) for _ in range(num_args))
        nodes.append(Node(operator.name, args))
    outputs = [("h", len(nodes) - 1)]
    outputs += [(memory, rng.randrange(len(nodes))) for memory in memories]
    return Cell.build(nodes, outputs)


class Problem:
    """Random float64 weights, input, state and masks for a cell."""

    def __init__(self, cell: Cell, x_size: int, h_size: int, seed: int, t: int = 3, b: int = 2):
        self.cell = cell if x_size == h_size else cell.with_linear_sources()
        self._generator = torch.Generator().manual_seed(seed)
        self.x = self._draw(t, b, x_size)
        self.weights = []
        for linear, argument in weight_slots(self.cell):
            node = self.cell.nodes[self.cell.nodes[self.cell.linears[linear]].args[argument]]
            self.weights.append(self._draw(h_size, x_size if node.op in X_SOURCES else h_size))
        self.biases = [self._draw(h_size) for _ in self.cell.linears]
        self.state = {name: self._draw(b, h_size) for name, _ in self.cell.outputs}
        self.state["x"] = self._draw(b, x_size)
        self.state["t"] = torch.tensor(5)
        recurrent = compile(self.cell).recurrent_operands
        masks = {i: self._draw(b, h_size).abs() for i in sorted(set(recurrent.values()))}
        self.masks = {weight: masks[operand] for weight, operand in recurrent.items()}

    def _draw(self, *shape: int) -> Tensor:
        return 0.5 * torch.randn(shape, generator=self._generator, dtype=torch.float64)

    def reference(self, factor: float = 1.0) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """The reference's answer; factor scales the input."""
        y, after = reference.run(
            self.cell,
            [weight.numpy() for weight in self.weights],
            [bias.numpy() for bias in self.biases],
            self.x.numpy() * factor,
            {name: value.numpy() for name, value in self.state.items()},
            {weight: mask.numpy() for weight, mask in self.masks.items()},
        )
        return y, after

    def plain(self) -> tuple[Tensor, dict[str, Tensor]]:
        backend = PlainBackend(self.cell)
        return backend.run(self.x, self.weights, self.biases, self.state, self.masks)

    @property
    def tensors(self) -> list[Tensor]:
        """All that a gradient can be asked of."""
        floats = [value for value in self.state.values() if value.is_floating_point()]
        return [self.x, *self.weights, *self.biases, *floats]


@settings(max_examples=150, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 2**32), st.booleans())
def test_plain_agrees_with_the_reference(rng: Random, seed: int, same_width: bool) -> None:
    problem = Problem(random_cell(rng), 4 if same_width else 3, 4, seed)
    y, after = problem.reference()
    assume(np.isfinite(y).all() and np.abs(y).max() < 1e6)
    # Div and LayerNorm may amplify rounding: allow a hundred times what one of 1e-13 does.
    shifted, shifted_after = problem.reference(1.0 + 1e-13)
    actual, actual_after = problem.plain()
    np.testing.assert_array_less(np.abs(actual.numpy() - y), 1e-10 + 100 * np.abs(shifted - y))
    for name, value in actual_after.items():
        slack = 1e-10 + 100 * np.abs(shifted_after[name] - after[name])
        np.testing.assert_array_less(np.abs(value.numpy() - after[name]), slack, name)


@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False))
def test_programs_of_random_cells_stay_valid_through_all_passes(rng: Random) -> None:
    program = lower(random_cell(rng))
    check(program)
    for transform in PASSES:
        program = transform(program)
        check(program)


@pytest.mark.parametrize("seed", range(12))
def test_plain_gradients_are_those_of_finite_differences(seed: int) -> None:
    problem = Problem(random_cell(Random(seed), SMOOTH), 2, 3, seed)
    for tensor in problem.tensors:
        tensor.requires_grad_()

    def outputs(*_: Tensor) -> tuple[Tensor, ...]:
        y, after = problem.plain()
        return (y, *[value for value in after.values() if value.requires_grad])

    assert torch.autograd.gradcheck(outputs, problem.tensors, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", KINKED)
def test_gradients_through_kinked_operators(name: str) -> None:
    second = ", Linear(x_t)" if OPERATORS[name].min_args == 2 else ""
    cell = parse(
        f"a = {name}(Linear(x_t, h_tm1){second}); c_t = {name}(Add(a, c_tm1){second});"
        f"h_t = Tanh(Linear(c_t))"
    )
    problem = Problem(cell, 2, 3, seed=1)
    for tensor in problem.tensors:
        tensor.requires_grad_()
    assert torch.autograd.gradcheck(lambda *_: problem.plain()[0], problem.tensors)


def test_frozen_weights_get_no_gradient_and_others_keep_theirs() -> None:
    problem = Problem(zoo["gru"], 3, 3, seed=0)
    for tensor in problem.tensors:
        tensor.requires_grad_()
    problem.plain()[0].sum().backward()
    expected = [weight.grad for weight in problem.weights]
    for frozen in range(len(problem.weights)):
        for tensor in problem.tensors:
            tensor.grad = None
            tensor.requires_grad_(tensor is not problem.weights[frozen])
        problem.plain()[0].sum().backward()
        for i, weight in enumerate(problem.weights):
            if i == frozen:
                assert weight.grad is None
            else:
                torch.testing.assert_close(weight.grad, expected[i], rtol=1e-12, atol=1e-12)


def test_gradients_of_gradients_are_refused() -> None:
    problem = Problem(zoo["rnn"], 3, 3, seed=0)
    for tensor in problem.tensors:
        tensor.requires_grad_()
    (gradient,) = torch.autograd.grad(problem.plain()[0].sum(), problem.x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        gradient.sum().backward()


def test_unknown_backend_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r'"fast".*"auto", "plain", "reference"'):
        make_backend("fast", zoo["rnn"])
