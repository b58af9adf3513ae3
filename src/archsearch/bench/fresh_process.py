"""What is measured in a process of its own, in which nothing has run yet: memory, first steps.

Processes come from a server that has the function's module imported and does nothing else, so that
each starts in milliseconds instead of the second or two that importing torch takes.

**Memory** of training steps, beside the model: a tiny model makes the libraries allocate what they
need once; then the model is built, and the peak of the resident set over a few steps counts from
there. The peak is VmHWM of /proc/self/status, which writing 5 to /proc/self/clear_refs sets back
(Linux, proc(5)). The allocator is told to return large blocks to the system when they are freed;
what it would else keep by chance varies by a tenth and more from run to run.

**First steps** are what a search waits for with a new cell: the passes, the compiler, loading, and
forward and backward of the smallest input; before them comes a cell that does not count, which
pays for what comes once per process.
"""

import ctypes
import gc
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import ParamSpec, TypeVar

import torch

from archsearch.bench.contenders import BEST, STEPS
from archsearch.bench.settings import LanguageSize, Shape
from archsearch.cell import Cell, parse, zoo
from archsearch.native import CACHE_VARIABLE
from archsearch.nn import RecurrentLayer

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

STATUS = Path("/proc/self/status")
RESET = Path("/proc/self/clear_refs")
NUM_STEPS = 3
TINY = Shape(2, 1, 8)
M_MMAP_THRESHOLD = -3  # of mallopt(3)
WIDTH = 16  # of the layer whose first step is timed


def call_in_fresh_process(
    function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
) -> Result:
    """What function(*args, **kwargs) returns or raises; all of them must pickle."""
    context = get_context("forkserver")
    context.set_forkserver_preload([function.__module__])
    with ProcessPoolExecutor(1, mp_context=context) as process:
        return process.submit(function, *args, **kwargs).result()


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


def cannot_measure() -> str | None:
    """Why memory cannot be measured here; None where it can."""
    try:
        reset_peak()
        read_bytes("VmHWM")
    except (OSError, KeyError) as error:
        return f"no peak memory: it needs {STATUS} with VmHWM and {RESET}, as Linux has ({error})"
    return None


def peak_bytes(contender: str, size: LanguageSize, threads: int, seed: int) -> int:
    """Of the training steps of one contender of STEPS, in a fresh process."""
    return call_in_fresh_process(measure, contender, size, threads, seed)


def measure(contender: str, size: LanguageSize, threads: int, seed: int) -> int:
    """The same in this process, of which nothing else may have grown the resident set."""
    return_freed_blocks()
    torch.set_num_threads(threads)
    generator = torch.Generator().manual_seed(seed)
    make_step = STEPS[contender]
    tiny_step = make_step(replace(size, shape=TINY, vocabulary=10), generator)
    for _ in range(NUM_STEPS):
        tiny_step()
    step = make_step(size, generator)
    gc.collect()
    reset_peak()
    before = read_bytes("VmRSS")
    for _ in range(NUM_STEPS):
        step()
    return read_bytes("VmHWM") - before


def return_freed_blocks() -> None:
    """Blocks of 64 kB and more get a mapping of their own, where the C library can (glibc)."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, 1 << 16)


def reset_peak() -> None:
    RESET.write_text("5")


def read_bytes(name: str) -> int:
    """An entry of /proc/self/status that is in kB."""
    lines = (line.split(":") for line in STATUS.read_text().splitlines())
    return 1024 * int(dict(lines)[name].split()[0])
