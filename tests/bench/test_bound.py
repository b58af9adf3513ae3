"""Which matrix products a cell needs, counted from its compiled program."""

import pytest
import torch

from archsearch.bench.bound import MatrixProduct, bound, products
from archsearch.bench.settings import Shape
from archsearch.cell import parse, zoo
from archsearch.compiler import compile

T, B, H, X = 35, 20, 200, 100
SHAPE = Shape(T, B, H)


def flops_of(needed) -> int:
    parts = (needed.before, needed.loop, needed.loop_back, needed.after)
    return sum(2 * p.rows * p.inner * p.columns * p.times for part in parts for p in part)


def test_the_lstm_needs_one_product_a_source_each_way():
    needed = products(compile(zoo["lstm"]), SHAPE, X)
    assert needed.before == (MatrixProduct(T * B, X, 4 * H),)
    assert needed.loop == (MatrixProduct(B, H, 4 * H, T),)
    assert needed.loop_back == (MatrixProduct(B, 4 * H, H, T),)
    assert needed.after == (
        MatrixProduct(4 * H, T * B, H, transposed=True),
        MatrixProduct(4 * H, T * B, X, transposed=True),
        MatrixProduct(T * B, 4 * H, X),
    )
    assert flops_of(needed) == 3 * 2 * T * B * (X + H) * 4 * H


def test_dependent_products_stay_apart_and_in_order():
    cell = parse("a = Tanh(Linear(h_tm1)); b = Sigmoid(Linear(h_tm1)); h_t = Linear(Mult(a, b))")
    needed = products(compile(cell), SHAPE, X)
    assert [product.columns for product in needed.loop] == [2 * H, H]
    assert [product.inner for product in needed.loop_back] == [H, 2 * H]


def test_products_of_what_depends_on_x_alone_are_of_its_width():
    cell = parse("h_t = Add(h_tm1, Linear(Tanh(Linear(x_t))))")
    needed = products(compile(cell), SHAPE, X)
    assert needed.before == (MatrixProduct(T * B, X, H), MatrixProduct(T * B, H, H))
    assert needed.loop == needed.loop_back == ()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_bound_multiplies_as_often_as_counted(dtype, monkeypatch):
    flops = 0
    mm = torch.mm

    def counting(a, b, *, out):
        nonlocal flops
        assert a.dtype == b.dtype == out.dtype == dtype
        flops += 2 * a.shape[0] * a.shape[1] * b.shape[1]
        return mm(a, b, out=out)

    monkeypatch.setattr(torch, "mm", counting)
    needed = products(compile(zoo["mut1"]), Shape(3, 2, 8), 8)
    bound(needed, dtype, torch.Generator().manual_seed(1))()
    assert flops == flops_of(needed)
