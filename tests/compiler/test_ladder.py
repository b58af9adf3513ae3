"""Random cells mean the same on every rung of the ladder, forward and backward.

reference (NumPy) → plain (autograd) → cpu (generated kernels, explicit backward).
"""

from collections.abc import Callable
from random import Random

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor
from toy_problems import KINKED, SMOOTH, Problem, random_cell, tree_cell
from valid_program import check_program

from archsearch.cell import parse, zoo
from archsearch.cell.cell import Cell
from archsearch.cell.operators import OPERATORS
from archsearch.compiler.backends import make_backend
from archsearch.compiler.pipeline import KERNEL_PASSES, lower

TRAINING = ("plain", "cpu")


@pytest.mark.parametrize("backend", TRAINING)
@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 2**32), st.booleans())
def test_values_agree_with_the_reference(
    backend: str, rng: Random, seed: int, same_width: bool
) -> None:
    problem = Problem(random_cell(rng), 4 if same_width else 3, 4, seed)
    y, after = problem.reference()
    assume(np.isfinite(y).all() and np.abs(y).max() < 1e6)
    # Div and LayerNorm may amplify rounding: allow a hundred times what one of 1e-13 does.
    shifted, shifted_after = problem.reference(1.0 + 1e-13)
    actual, actual_after = problem.run(backend)
    np.testing.assert_array_less(np.abs(actual.numpy() - y), 1e-10 + 100 * np.abs(shifted - y))
    for name, value in actual_after.items():
        slack = 1e-10 + 100 * np.abs(shifted_after[name] - after[name])
        np.testing.assert_array_less(np.abs(value.numpy() - after[name]), slack, name)


def calm_problem(sample: Callable[[Random], Cell], seed: int) -> tuple[Problem, list[Tensor]]:
    """One whose gradients are finite, and these; a sample that explodes is drawn again."""
    for attempt in range(10):
        rng = Random(seed + 10_000 * attempt)
        cell = sample(Random(seed + 10_000 * attempt))
        problem = Problem(
            cell, rng.choice([5, 17]), 17, seed, t=rng.choice([1, 4]), b=rng.choice([1, 3, 15]),
            masked=rng.random() < 0.5,
        )  # fmt: skip
        exact = problem.gradients("plain")
        if all(tensor.isfinite().all() and tensor.abs().max() < 1e6 for tensor in exact):
            return problem, exact
    raise AssertionError("ten samples in a row that explode")


def assert_kernels_agree(sample: Callable[[Random], Cell], seed: int) -> None:
    """Values and all gradients: float64 to ten digits; float32 about as far from float64 as
    autograd's float32 is. About, since one unit in the last place of a Tanh near 1 is a large share
    of its gradient, which a gradient as large as any of the problem may then multiply."""
    problem, exact = calm_problem(sample, seed)
    kernels = problem.gradients("cpu")
    largest = max(tensor.abs().max() for tensor in exact)
    single = problem.to(torch.float32)
    for right, double, kernel, autograd in zip(
        exact, kernels, single.gradients("cpu"), single.gradients("plain"), strict=True
    ):
        scale = 1.0 + right.abs().max()
        torch.testing.assert_close(double, right, rtol=0.0, atol=float(1e-10 * scale))
        slack = 10 * (autograd - right).abs().max() + 1e-5 * scale + 1e-6 * largest
        assert (kernel - right).abs().max() <= slack


@pytest.mark.parametrize("name", zoo)
def test_kernels_of_the_zoo_agree(name: str) -> None:
    assert_kernels_agree(lambda _: zoo[name], seed=0)


@pytest.mark.parametrize("seed", range(30))
def test_kernels_of_random_cells_agree(seed: int) -> None:
    assert_kernels_agree(random_cell, seed)


@pytest.mark.parametrize("seed", range(15))
def test_kernels_of_random_trees_agree(seed: int) -> None:
    assert_kernels_agree(tree_cell, seed)


@pytest.mark.slow
@pytest.mark.parametrize("sample", [random_cell, tree_cell])
def test_kernels_of_three_hundred_cells_agree(sample: Callable[[Random], Cell]) -> None:
    for seed in range(1000, 1300):
        assert_kernels_agree(sample, seed)


@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False))
def test_programs_of_random_cells_stay_valid_through_all_passes(rng: Random) -> None:
    program = lower(random_cell(rng))
    check_program(program)
    for transform in KERNEL_PASSES:
        program = transform(program)
        check_program(program)


@pytest.mark.parametrize("backend", TRAINING)
@pytest.mark.parametrize("seed", range(12))
def test_gradients_are_those_of_finite_differences(seed: int, backend: str) -> None:
    problem = Problem(random_cell(Random(seed), SMOOTH), 2, 3, seed)
    problem.require_grad()

    def outputs(*_: Tensor) -> tuple[Tensor, ...]:
        y, after = problem.run(backend)
        return (y, *[value for value in after.values() if value.requires_grad])

    assert torch.autograd.gradcheck(outputs, problem.tensors, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("backend", TRAINING)
@pytest.mark.parametrize("name", KINKED)
def test_gradients_through_kinked_operators(name: str, backend: str) -> None:
    second = ", Linear(x_t)" if OPERATORS[name].min_args == 2 else ""
    cell = parse(
        f"a = {name}(Linear(x_t, h_tm1){second}); c_t = {name}(Add(a, c_tm1){second});"
        f"h_t = Tanh(Linear(c_t))"
    )
    problem = Problem(cell, 2, 3, seed=1)
    problem.require_grad()
    assert torch.autograd.gradcheck(lambda *_: problem.run(backend)[0], problem.tensors)


@pytest.mark.parametrize("backend", TRAINING)
def test_frozen_weights_get_no_gradient_and_others_keep_theirs(backend: str) -> None:
    problem = Problem(zoo["gru"], 3, 3, seed=0)
    problem.require_grad()
    problem.run(backend)[0].sum().backward()
    expected = [weight.grad for weight in problem.weights]
    for frozen in range(len(problem.weights)):
        for tensor in problem.tensors:
            tensor.grad = None
            tensor.requires_grad_(tensor is not problem.weights[frozen])
        problem.run(backend)[0].sum().backward()
        for i, weight in enumerate(problem.weights):
            if i == frozen:
                assert weight.grad is None
            else:
                torch.testing.assert_close(weight.grad, expected[i], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("backend", TRAINING)
def test_gradients_of_gradients_are_refused(backend: str) -> None:
    problem = Problem(zoo["rnn"], 3, 3, seed=0)
    problem.require_grad()
    (gradient,) = torch.autograd.grad(problem.run(backend)[0].sum(), problem.x, create_graph=True)
    with pytest.raises(RuntimeError, match=r"once_differentiable|gradients of gradients"):
        gradient.sum().backward()


def test_unknown_backend_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r'"fast".*"auto", "cpu", "plain", "reference"'):
        make_backend("fast", zoo["rnn"])
