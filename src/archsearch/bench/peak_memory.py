"""The memory that training steps take beside the model.

In a process of its own: a tiny model makes the libraries allocate what they need once; then the
model is built, and the peak of the resident set over a few steps counts from there. So gradients,
activations, temporaries and whatever a backend keeps from step to step are in it; parameters and
libraries are not.

The peak is VmHWM of /proc/self/status, which writing 5 to /proc/self/clear_refs sets back (Linux,
proc(5)). The allocator is told to return large blocks to the system when they are freed; what it
would else keep by chance varies by a tenth and more from run to run.
"""

import ctypes
import gc
from dataclasses import replace
from pathlib import Path

import torch

from archsearch.bench.fresh_process import call_in_fresh_process
from archsearch.bench.language import STEPS
from archsearch.bench.settings import LanguageSize, Shape

STATUS = Path("/proc/self/status")
RESET = Path("/proc/self/clear_refs")
NUM_STEPS = 3
TINY = Shape(2, 1, 8)
M_MMAP_THRESHOLD = -3  # of mallopt(3)


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
