"""The operator table under its two arithmetics, and its gradients against finite differences.

Shapes: T time steps, B batch, H hidden features.
"""

import numpy as np
import pytest
import torch

from archsearch.cell.operators import OPERATORS
from archsearch.compiler.backends.torch_arithmetic import TorchArithmetic, positional_encodings
from archsearch.compiler.reference import NumPyArithmetic, positional_encoding

B, H = 3, 5
ELEMENTWISE = [name for name, operator in OPERATORS.items() if operator.value is not None]


def arguments(name: str) -> list[torch.Tensor]:
    """Random arguments, away from the kinks of the piecewise linear operators."""
    generator = torch.Generator().manual_seed(0)
    values = [
        2.0 * torch.randn(B, H, generator=generator, dtype=torch.float64)
        for _ in range(OPERATORS[name].min_args)
    ]
    return [value + 0.01 * value.sign() for value in values]


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_numpy_and_torch_agree(name: str) -> None:
    operator, values = OPERATORS[name], arguments(name)
    encoding = positional_encoding(7, H)
    expected = operator.value(NumPyArithmetic(encoding), *[value.numpy() for value in values])
    actual = operator.value(TorchArithmetic(torch.from_numpy(encoding)), *values)
    np.testing.assert_allclose(actual.numpy(), expected, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_gradient_is_that_of_finite_differences(name: str) -> None:
    operator, values = OPERATORS[name], [value.numpy() for value in arguments(name)]
    arithmetic = NumPyArithmetic(positional_encoding(7, H))
    y = operator.value(arithmetic, *values)
    g = np.random.default_rng(0).normal(size=(B, H))
    gradients = operator.gradient(arithmetic, g, y, *values)
    assert len(gradients) == len(values)
    step = 1e-6
    for position, gradient in enumerate(gradients):
        numeric = np.zeros((B, H))
        for index in np.ndindex(B, H):
            shift = np.zeros((B, H))
            shift[index] = step
            ends = [
                operator.value(
                    arithmetic, *values[:position], values[position] + d, *values[position + 1 :]
                )
                for d in (shift, -shift)
            ]
            numeric[index] = ((ends[0] - ends[1]) * g).sum() / (2 * step)
        np.testing.assert_allclose(np.broadcast_to(gradient, (B, H)), numeric, rtol=1e-6, atol=1e-7)


def test_sigmoid_neither_overflows_nor_loses_small_values() -> None:
    a = np.array([-800.0, -700.0, 0.0, 800.0])
    expected = [0.0, np.exp(-700.0), 0.5, 1.0]
    np.testing.assert_allclose(NumPyArithmetic(a).sigmoid(a), expected, rtol=1e-15)


@pytest.mark.parametrize("width", [1, 4, 5])
def test_positional_encodings_are_those_of_the_paper(width: int) -> None:
    like = torch.zeros((), dtype=torch.float64)
    table = positional_encodings(3, 4, width, like)
    assert table.shape == (4, width)
    for row, t in zip(table, range(3, 7), strict=True):
        for i in range(width):
            angle = t / 10000 ** ((i - i % 2) / width)
            assert row[i].item() == pytest.approx(np.cos(angle) if i % 2 else np.sin(angle))
        np.testing.assert_allclose(row.numpy(), positional_encoding(t, width), rtol=1e-13)
