"""Rows of whole training steps: time and memory of our model against stock PyTorch's."""

from collections.abc import Iterator
from functools import partial

import torch

from archsearch.bench.language import CELL, STEPS, STOCK_STEP
from archsearch.bench.peak_memory import peak_bytes
from archsearch.bench.record import Row
from archsearch.bench.settings import LanguageSize, Settings
from archsearch.bench.timing import take_turns
from archsearch.cell import zoo


def step_rows(settings: Settings, *, with_memory: bool) -> Iterator[Row]:
    """A row for each size and number of threads."""
    for threads in settings.threads:
        for size in settings.languages:
            yield _row(settings, size, threads, with_memory)


def _row(settings: Settings, size: LanguageSize, threads: int, with_memory: bool) -> Row:
    torch.set_num_threads(threads)
    steps = {
        name: make_step(size, torch.Generator().manual_seed(settings.seed))
        for name, make_step in STEPS.items()
    }
    times = take_turns(steps, settings.rounds, settings.seconds)
    stock = times[STOCK_STEP]
    peak = partial(peak_bytes, size=size, threads=threads, seed=settings.seed)
    others = {name: taken for name, taken in times.items() if name != STOCK_STEP}
    return Row.of(
        "step", CELL, zoo[CELL], times,
        shape=size, threads=threads, precision="float32 and bfloat16",
        ratios={f"{STOCK_STEP}/{name}": stock.over(taken) for name, taken in others.items()},
        peak_mb={name: peak(name) / 1e6 for name in STEPS} if with_memory else {},
    )  # fmt: skip
