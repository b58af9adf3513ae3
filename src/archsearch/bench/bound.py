"""The matrix-product bound: the products of a compiled program alone, nothing between them.

No implementation that multiplies the same matrices with the same library is faster, so a layer's
time over this one says what everything but the products costs. The weights lie ready in the layout
that suits each product best, as if packing them cost nothing, and every result has its place.

Shapes: T time steps, B batch, X input features, H hidden features, n weights of a product.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch

from archsearch.bench.settings import Shape
from archsearch.cell.node import X_SOURCES
from archsearch.compiler import Program
from archsearch.compiler.program import Product, Source


@dataclass(frozen=True, slots=True)
class MatrixProduct:
    """(rows, inner) times (inner, columns), `times` times: once, or once a time step.

    transposed: the first factor is read as the transpose of an (inner, rows) matrix.
    """

    rows: int
    inner: int
    columns: int
    times: int = 1
    transposed: bool = False


@dataclass(frozen=True, slots=True)
class Products:
    """The products of forward and backward, in order; those of one loop take turns in it."""

    before: tuple[MatrixProduct, ...]  # of the sequence section
    loop: tuple[MatrixProduct, ...]  # forward over time
    loop_back: tuple[MatrixProduct, ...]  # backward over time
    after: tuple[MatrixProduct, ...]  # the gradients of weights, and of sequence values


def products(program: Program, shape: Shape, input_size: int) -> Products:
    """What forward and backward of a layer multiply, where all of x and the weights get gradients.

    A product of n weights with a value of K columns takes (·, K) times (K, n·H) forward. Backward,
    the operand's gradient is (·, n·H) times (n·H, K), and the weights' is one (n·H, T·B) times
    (T·B, K) for the whole sequence.
    """
    num_steps, batch, width = shape
    before, loop, loop_back, after = [], [], [], []
    for i in program.values(Product):
        product = program.instructions[i]
        assert isinstance(product, Product)
        source = program.instructions[product.operand]
        is_input = isinstance(source, Source) and source.name in X_SOURCES
        inner, columns = input_size if is_input else width, width * len(product.weights)
        if program.section(i) == "sequence":
            before.append(MatrixProduct(num_steps * batch, inner, columns))
            after.append(MatrixProduct(num_steps * batch, columns, inner))
        else:
            loop.append(MatrixProduct(batch, inner, columns, num_steps))
            loop_back.append(MatrixProduct(batch, columns, inner, num_steps))
        after.append(MatrixProduct(columns, num_steps * batch, inner, transposed=True))
    return Products(tuple(before), tuple(loop), tuple(loop_back[::-1]), tuple(after[::-1]))


def bound(needed: Products, dtype: torch.dtype, generator: torch.Generator) -> Callable[[], None]:
    """A call that computes all of them, once, on matrices drawn beforehand."""
    calls: list[Callable[[], object]] = []
    for part in (needed.before, needed.loop, needed.loop_back, needed.after):
        # At every time step one call of each product; all of a part are made equally often.
        for turn in zip(*(_calls(product, dtype, generator) for product in part), strict=True):
            calls.extend(turn)

    def run() -> None:
        with torch.no_grad():
            for call in calls:
                call()

    return run


def _calls(
    product: MatrixProduct, dtype: torch.dtype, generator: torch.Generator
) -> list[Callable[[], object]]:
    """One call for each time: other rows and another result every time, the same right factor."""

    def draw(*size: int) -> torch.Tensor:
        return torch.randn(size, generator=generator).to(dtype)

    times, rows, inner, columns = product.times, product.rows, product.inner, product.columns
    left = draw(times, inner, rows).mT if product.transposed else draw(times, rows, inner)
    right = draw(inner, columns)
    results = torch.empty(times, rows, columns, dtype=dtype)
    return [
        partial(torch.mm, a, right, out=result)
        for a, result in zip(left.unbind(), results.unbind(), strict=True)
    ]
