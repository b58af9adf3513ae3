"""What the CPU backend adds to meaning: bfloat16 products, flushed denormals, threads, fallback."""

import shutil
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from toy_problems import SMOOTH, Problem, random_cell

from archsearch.cell import parse, zoo
from archsearch.compiler.backends import Weights, make_backend
from archsearch.compiler.backends.cpu.libraries import has_bfloat16_products
from archsearch.nn import RecurrentLayer

needs_tiles = pytest.mark.skipif(
    not has_bfloat16_products(torch.float32), reason="this processor has no tiles of bfloat16"
)


@needs_tiles
@pytest.mark.parametrize("seed", range(12))
def test_bfloat16_products_agree_with_rounded_factors(seed: int) -> None:
    """One step of products alone, so that nothing but the rounding of factors can differ."""
    rng = Random(seed)
    x_size, h_size, batch = rng.randint(1, 70), rng.randint(1, 70), rng.randint(1, 70)
    cell = parse("h_t = Linear(x_t, h_tm1, c_tm1); c_t = Linear(c_tm1)")
    problem = Problem(cell, x_size, h_size, seed, t=1, b=batch, masked=False).to(torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        y, _ = problem.run("cpu")
    for tensor in (problem.x, *problem.weights, *problem.state.values()):
        tensor.data = tensor.bfloat16().to(tensor.dtype)
    torch.testing.assert_close(y, problem.run("cpu")[0], rtol=1e-5, atol=1e-5)


@needs_tiles
@pytest.mark.parametrize("seed", [*range(16), *range(17, 21)])  # the 16th explodes
def test_bfloat16_is_near_float32(seed: int) -> None:
    """Forward and backward, no further off than three times what autograd's bfloat16 is, or five
    roundings of 2⁻⁸. A kink would let a rounding choose between gradients, so there is none."""
    cell = random_cell(Random(seed), SMOOTH)
    problem = Problem(cell, 33, 33, seed, t=3, b=7, masked=seed % 3 == 0).to(torch.float32)
    exact = problem.gradients("plain")
    assert all(tensor.abs().max() < 1e4 for tensor in exact)
    with torch.autocast("cpu", torch.bfloat16):
        kernels, autograd = problem.gradients("cpu"), problem.gradients("plain")
    for right, kernel, stock in zip(exact, kernels, autograd, strict=True):
        size = right.norm() + 1e-6
        assert (kernel - right).norm() / size <= 3 * (stock - right).norm() / size + 5 * 2**-8


def test_denormals_are_flushed() -> None:
    cell = parse("h_t = Mult(h_tm1, Sigmoid(Linear(x_t)))")
    layer = RecurrentLayer(cell, 4, 4, backend="cpu")
    with torch.no_grad():
        y, _ = layer(torch.zeros(200, 1, 4), {"h": torch.ones(1, 4)})  # halved at every step
    assert y[120].max() > 0.0
    assert y[130].max() == 0.0


def test_threads_do_not_change_a_row() -> None:
    layer = RecurrentLayer(zoo["lstm"], 20, 20, backend="cpu")
    x = torch.randn(6, 5, 20, generator=torch.Generator().manual_seed(0))
    before = torch.get_num_threads()
    results = []
    for num_threads in (1, 2, 8):
        torch.set_num_threads(num_threads)
        results.append(layer(x)[0])
    torch.set_num_threads(before)
    assert all(torch.equal(result, results[0]) for result in results)


class _Allocations(TorchDispatchMode):
    """Adds up the bytes of what is newly made."""

    bytes = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        result = func(*args, **(kwargs or {}))
        if "empty" in str(func):
            self.bytes += result.nbytes
        return result


def test_evaluation_keeps_no_activations() -> None:
    cell = parse("c_t = Tanh(Linear(h_tm1)); d_t = Sin(Linear(c_t, d_tm1)); h_t = Mult(c_t, d_t)")
    layer = RecurrentLayer(cell, 8, 8, backend="cpu")

    def allocated(num_steps: int) -> int:
        with _Allocations() as allocations:
            layer(torch.zeros(num_steps, 4, 8))
        return allocations.bytes

    one_value = 40 * 4 * 8 * 4  # 40 steps more of 4 × 8 floats
    with torch.no_grad():
        assert allocated(50) - allocated(10) == one_value  # y
    assert allocated(50) - allocated(10) > 3 * one_value


def test_without_a_compiler_plain_serves_with_one_warning(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In a process of its own, since libraries and warnings are kept for the life of one."""
    program = """
import torch
from archsearch.cell import zoo
from archsearch.nn import RecurrentLayer
for name in ("lstm", "gru"):
    layer = RecurrentLayer(zoo[name], 3, 3)
    assert layer(torch.zeros(2, 1, 3))[0].shape == (2, 1, 3)
    layer(torch.zeros(2, 1, 3))
"""
    monkeypatch.setenv("ARCHSEARCH_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr.count("RuntimeWarning") == 1
    assert "compiler" in done.stderr


def test_backend_cpu_says_what_it_cannot_take() -> None:
    backend = make_backend("cpu", zoo["rnn"])
    problem = Problem(zoo["rnn"], 3, 3, seed=0).to(torch.bfloat16)
    with pytest.raises(ValueError, match=r'float32 or float64.*torch\.bfloat16.*backend="auto"'):
        backend.run(problem.x, Weights(problem.weights, problem.biases, {}), problem.state)
    assert problem.run("auto")[0].dtype == torch.bfloat16


SANITIZERS = "-fsanitize=address,undefined"


@pytest.mark.slow
def test_kernels_run_clean_under_the_sanitizers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("no gcc, whose sanitizers this test uses")
    libraries = [
        subprocess.check_output([compiler, f"-print-file-name={name}"], text=True).strip()
        for name in ("libasan.so", "libubsan.so")
    ]
    monkeypatch.setenv("CC", f"{compiler} {SANITIZERS} -fno-sanitize-recover=all -g")
    monkeypatch.setenv("ARCHSEARCH_CACHE", str(tmp_path))
    monkeypatch.setenv("LD_PRELOAD", " ".join(libraries))
    # Of Python's and torch's own memory we ask nothing.
    options = ("detect_leaks=0", "detect_odr_violation=0", "alloc_dealloc_mismatch=0")
    monkeypatch.setenv("ASAN_OPTIONS", ":".join(options))
    program = Path(__file__).parent.parent / "toys" / "sanitized_cells.py"
    done = subprocess.run(
        [sys.executable, str(program), "0", "50"], capture_output=True, text=True, timeout=1200
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout == "50 cells ran clean\n"
