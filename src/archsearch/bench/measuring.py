"""The rows of a run: times of contenders that take turns, and what a fresh process measures.

Every contender runs once a round, so that what else a shared machine does slows all of them alike.
For the same reason the ratio of two contenders is the median of their ratios round by round, not
the ratio of their medians.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import torch

from archsearch.bench.cells import NamedCell
from archsearch.bench.contenders import BEST, CELL, STEPS, STOCK, STOCK_STEP, layer_contenders
from archsearch.bench.fresh_process import WIDTH, call_in_fresh_process, first_steps, peak_bytes
from archsearch.bench.record import Row, Times
from archsearch.bench.settings import LanguageSize, Settings, Shape
from archsearch.cell import zoo

WARM_UP_ROUNDS = 2


def measure(settings: Settings, cells: list[NamedCell], *, with_memory: bool) -> Iterator[Row]:
    if "compile" in settings.parts:
        yield from compile_rows(settings, cells)
    if "step" in settings.parts:
        yield from step_rows(settings, with_memory=with_memory)
    if "layers" in settings.parts:
        yield from layer_rows(settings, cells)


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


def step_rows(settings: Settings, *, with_memory: bool) -> Iterator[Row]:
    """A row for each size and number of threads."""
    for threads in settings.threads:
        for size in settings.languages:
            yield _step_row(settings, size, threads, with_memory)


def _step_row(settings: Settings, size: LanguageSize, threads: int, with_memory: bool) -> Row:
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


def layer_rows(settings: Settings, cells: list[NamedCell]) -> Iterator[Row]:
    """A row for each cell, shape, precision and number of threads."""
    for threads in settings.threads:
        for precision in settings.precisions:
            for shape in settings.shapes:
                for named in cells:
                    yield _layer_row(settings, named, shape, threads, precision)


def _layer_row(
    settings: Settings, named: NamedCell, shape: Shape, threads: int, precision: str
) -> Row:
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


def take_turns(
    contenders: Mapping[str, Callable[[], object]], min_rounds: int, min_seconds: float
) -> dict[str, Times]:
    """The times of all contenders, over so many rounds and seconds at least.

    Rounds before the first that counts warm them up.
    """
    for _ in range(WARM_UP_ROUNDS):
        for run in contenders.values():
            run()
    milliseconds: dict[str, list[float]] = {name: [] for name in contenders}
    started = time.perf_counter()
    rounds = 0
    while rounds < min_rounds or time.perf_counter() - started < min_seconds:
        for name, run in contenders.items():
            start = time.perf_counter()
            run()
            milliseconds[name].append((time.perf_counter() - start) * 1e3)
        rounds += 1
    return {name: Times(tuple(values)) for name, values in milliseconds.items()}
