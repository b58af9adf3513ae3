"""The functions of maths.h against NumPy in float64, in units in the last place of float32."""

import ctypes
from collections.abc import Callable
from importlib.resources import files

import numpy as np
import pytest
from numpy.typing import NDArray

from archsearch import native

FUNCTIONS: dict[str, tuple[Callable[..., NDArray[np.float64]], float]] = {  # and up to which |x|
    "Exp": (np.exp, 87.0),
    "Tanh": (np.tanh, 30.0),
    "Sigmoid": (lambda x: 1.0 / (1.0 + np.exp(-x)), 86.0),
    "Sin": (np.sin, 1e6),
    "Cos": (np.cos, 1e6),
    "Rsqrt": (lambda x: 1.0 / np.sqrt(x), 1e9),
}


@pytest.fixture(scope="module")
def compiled() -> ctypes.CDLL:
    maths = files("archsearch.compiler.backends.cpu") / "maths.h"
    loops = [
        f"void all_{name}(long n, const real *restrict x, real *restrict y)"
        f"{{ for (long i = 0; i < n; i++) y[i] = {name}(x[i]); }}"
        for name in FUNCTIONS
    ]
    return native.load("\n".join((maths.read_text(), *loops)), name="maths")


def evaluate(library: ctypes.CDLL, name: str, x: NDArray[np.float32]) -> NDArray[np.float32]:
    y = np.empty_like(x)
    x = np.ascontiguousarray(x)
    function = getattr(library, f"all_{name}")
    function(ctypes.c_long(len(x)), ctypes.c_void_p(x.ctypes.data), ctypes.c_void_p(y.ctypes.data))
    return y


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_right_to_three_units_in_the_last_place(
    compiled: ctypes.CDLL, name: str
) -> None:
    exact, reach = FUNCTIONS[name]
    rng = np.random.default_rng(0)
    spread = [rng.uniform(-reach, reach, 50_000), rng.uniform(-2, 2, 50_000)]
    small = 10.0 ** rng.uniform(-30, 0, 50_000) * rng.choice([-1.0, 1.0], 50_000)
    x = np.concatenate([*spread, small]).astype(np.float32)
    x = np.abs(x) if name == "Rsqrt" else x
    expected = exact(x.astype(np.float64))
    unit = np.spacing(np.maximum(np.abs(expected), 1e-37).astype(np.float32))
    assert (np.abs(evaluate(compiled, name, x) - expected) / unit).max() < 3.0


@pytest.mark.parametrize("name", FUNCTIONS)
def test_nan_stays_nan(compiled: ctypes.CDLL, name: str) -> None:
    x = np.full(40, np.nan, np.float32)
    assert np.isnan(evaluate(compiled, name, x)).all()


def test_extremes_stay_in_range(compiled: ctypes.CDLL) -> None:
    x = np.array([np.inf, -np.inf, 1e30, -1e30, 0.0], np.float32)
    assert evaluate(compiled, "Tanh", x).tolist() == [1.0, -1.0, 1.0, -1.0, 0.0]
    gates = evaluate(compiled, "Sigmoid", x)
    assert gates[[0, 2, 4]].tolist() == [1.0, 1.0, 0.5]
    assert (gates[[1, 3]] < 1e-37).all()
    for name in ("Sin", "Cos"):
        assert np.abs(evaluate(compiled, name, x[2:])).max() <= 1.0
        assert np.isnan(evaluate(compiled, name, x[:2])).all()
