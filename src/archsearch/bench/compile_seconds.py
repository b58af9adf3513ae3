"""How long a new cell takes until its first step is done, and how long one compiled before.

That is what a search waits for: the passes, the compiler, loading, and forward and backward of one
step of the smallest input. A fresh process does it for all cells with an empty cache folder, then
another with the folder that the first left. Both begin with a cell that does not count, which
pays for what comes once a process.
"""

import os
import tempfile
import time
from collections.abc import Iterator

import torch

from archsearch.bench.cells import NamedCell
from archsearch.bench.fresh_process import call_in_fresh_process
from archsearch.bench.layers import BEST
from archsearch.bench.record import Row
from archsearch.bench.settings import Settings
from archsearch.bench.timing import Times
from archsearch.cell import Cell, parse, zoo
from archsearch.native import CACHE_VARIABLE
from archsearch.nn import RecurrentLayer

WIDTH = 16


def compile_rows(settings: Settings, cells: list[NamedCell]) -> Iterator[Row]:
    """A row a cell, with "new" and "cached" as its contenders."""
    texts = [str(named.cell) for named in cells]
    with tempfile.TemporaryDirectory() as folder:
        new = call_in_fresh_process(first_steps, texts, folder, settings.seed)
        cached = call_in_fresh_process(first_steps, texts, folder, settings.seed)
    for named, *seconds in zip(cells, new, cached, strict=True):
        once = (Times((1e3 * each,)) for each in seconds)
        times = dict(zip(("new", "cached"), once, strict=True))
        shape = f"1x1x{WIDTH}"
        yield Row.of(
            "compile", named.label, named.cell, times, shape=shape, threads=1, precision="float32"
        )


def first_steps(texts: list[str], cache_folder: str, seed: int) -> list[float]:
    """The seconds from each cell to the end of its first step, in this process."""
    os.environ[CACHE_VARIABLE] = cache_folder
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(seed)
    first_step(zoo["rnn"], generator)
    seconds = []
    for cell in map(parse, texts):
        start = time.perf_counter()
        first_step(cell, generator)
        seconds.append(time.perf_counter() - start)
    return seconds


def first_step(cell: Cell, generator: torch.Generator) -> None:
    layer = RecurrentLayer(cell, WIDTH, WIDTH, backend=BEST, generator=generator)
    x = torch.randn(1, 1, WIDTH, generator=generator).requires_grad_()
    y, _ = layer(x)
    y.sum().backward()
