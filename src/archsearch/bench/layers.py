"""Forward and backward of one layer: torch.nn, the naive loop, the backends, the products alone.

Shapes: T time steps, B batch, H hidden features (and as many of the input).
"""

import math
from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor, nn

from archsearch.bench.autograd_loop import AutogradLoop
from archsearch.bench.bound import bound, products
from archsearch.bench.cells import NamedCell
from archsearch.bench.record import Row
from archsearch.bench.settings import Settings, Shape
from archsearch.bench.timing import Times, take_turns
from archsearch.cell import Cell
from archsearch.compiler import compile
from archsearch.nn import RecurrentLayer

STOCK: dict[str, Callable[[int, int], nn.Module]] = {"lstm": nn.LSTM, "gru": nn.GRU}
OURS = ("plain", "cpu")
BEST = "cpu"
CONTENDERS = ("torch.nn", "autograd", *OURS, "bound")


def layer_rows(settings: Settings, cells: list[NamedCell]) -> Iterator[Row]:
    """A row for each cell, shape, precision and number of threads."""
    for threads in settings.threads:
        for precision in settings.precisions:
            for shape in settings.shapes:
                for named in cells:
                    yield _row(settings, named, shape, threads, precision)


def _row(settings: Settings, named: NamedCell, shape: Shape, threads: int, precision: str) -> Row:
    torch.set_num_threads(threads)
    generator = torch.Generator().manual_seed(settings.seed)
    stock = None if named.drawn else STOCK.get(named.name)
    runs = layer_contenders(named.cell, shape, precision, stock, generator)
    times = take_turns(runs, settings.rounds, settings.seconds)
    return Row.of(
        "layers", named.label, named.cell, times,
        shape=shape, threads=threads, precision=precision, ratios=_ratios(times),
    )  # fmt: skip


def _ratios(times: dict[str, Times]) -> dict[str, float]:
    """What our best backend takes over the bound, and what the others take over our best."""
    ratios = {f"{BEST}/bound": times[BEST].over(times["bound"])}
    for other in ("torch.nn", "autograd"):
        if other in times:
            ratios[f"{other}/{BEST}"] = times[other].over(times[BEST])
    return ratios


def layer_contenders(
    cell: Cell,
    shape: Shape,
    precision: str,
    stock: Callable[[int, int], nn.Module] | None,
    generator: torch.Generator,
) -> dict[str, Callable[[], None]]:
    """By name, what runs a layer forward and backward once, to gradients of x and all parameters.

    bfloat16 is torch's autocast, and for the bound the products of bfloat16 matrices.
    """
    width = shape.width
    layers: dict[str, nn.Module] = {}
    if stock is not None:
        layers["torch.nn"] = _drawn(stock(width, width), width, generator)
    layers["autograd"] = AutogradLoop(cell, width, generator)
    for backend in OURS:
        layers[backend] = RecurrentLayer(cell, width, width, backend=backend, generator=generator)
    x = torch.randn(shape, generator=generator).requires_grad_()
    gradient = torch.randn(shape, generator=generator)
    runs: dict[str, Callable[[], None]] = {
        name: partial(forward_backward, layer, x, gradient, precision)
        for name, layer in layers.items()
    }
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    runs["bound"] = bound(products(compile(cell), shape, width), dtype, generator)
    return runs


def forward_backward(layer: nn.Module, x: Tensor, gradient: Tensor, precision: str) -> None:
    """x and gradient, that of the output, are (T, B, H)."""
    x.grad = None
    layer.zero_grad(set_to_none=True)
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
        y, _ = layer(x)
    y.backward(gradient.to(y.dtype))


def _drawn(layer: nn.Module, width: int, generator: torch.Generator) -> nn.Module:
    """The layer with weights from `generator`; torch.nn draws from the global one."""
    for parameter in layer.parameters():
        nn.init.uniform_(parameter, -1 / math.sqrt(width), 1 / math.sqrt(width), generator)
    return layer
