"""The compiled C of a cell, and of the time loop that runs it; one pair for each dtype.

Whoever wants to read what runs finds the C text beside the library in the cache, see `native`.
"""

import ctypes
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

import torch

from archsearch import native
from archsearch.cell.step import Step
from archsearch.compiler.backends.cpu.kernel_text import kernel_text
from archsearch.compiler.plan import Plan

# torch's dtype -> how C is told of it.
FLAGS: Mapping[torch.dtype, tuple[str, ...]] = {torch.float32: (), torch.float64: ("-DDOUBLE",)}

# Every candidate has to be compiled. Loops are vectorised as with -O3 and run as fast, but compile
# in 0.30 and 0.14 s (nascell, lstm) instead of 0.32 and 0.15.
_QUICK_TO_COMPILE = ("-O2", "-fno-tree-slp-vectorize")


@dataclass(frozen=True)
class CellLibrary:
    """addresses: of the kernels, by name. num_scratch: rows of H that the neediest one takes."""

    library: ctypes.CDLL
    addresses: Mapping[str, int]
    num_scratch: int


@functools.cache
def runtime(dtype: torch.dtype) -> ctypes.CDLL:
    """The time loop and its matrix products. Raises: NoNativeCode."""
    library = native.load(runtime_text(), name="runtime", flags=FLAGS[dtype])
    library.run.argtypes = [ctypes.c_void_p]
    return library


@functools.cache
def has_bfloat16_products(dtype: torch.dtype) -> bool:
    """Whether this processor multiplies bfloat16 with sums of `dtype`. Raises: NoNativeCode."""
    return bool(runtime(dtype).has_bfloat16_products())


def cell_library(cell: Step, plan: Plan, dtype: torch.dtype) -> CellLibrary:
    """The kernels of a cell. Raises: NoNativeCode."""
    text, num_scratch = cell_text(cell, plan)
    library = native.load(text, name=f"cell-{cell.key}", flags=(*FLAGS[dtype], *_QUICK_TO_COMPILE))
    addresses = {}
    for kernel in plan.kernels:
        address = ctypes.cast(getattr(library, kernel.name), ctypes.c_void_p).value
        assert address is not None
        addresses[kernel.name] = address
    return CellLibrary(library, addresses, num_scratch)


def runtime_text() -> str:
    names = ("maths.h", "slot.h", "products.c", "bfloat16.c", "loop.c")
    return "\n".join(map(c_source, names))


def cell_text(cell: Step, plan: Plan) -> tuple[str, int]:
    """The C of a cell, whole, and the rows of scratch that its neediest kernel takes."""
    kernels, num_scratch = kernels_text(cell, plan)
    return "\n".join((c_source("maths.h"), c_source("slot.h"), kernels)), num_scratch


def kernels_text(cell: Step, plan: Plan) -> tuple[str, int]:
    """What of the C is this cell's own: a comment with its program, and its kernels."""
    about = "".join(
        f" * {line}".rstrip() + "\n" for line in f"{cell}\n\n{plan.program}".splitlines()
    )
    kernels = [kernel_text(kernel, plan.numbers) for kernel in plan.kernels]
    texts = [f"/*\n{about} */", *(text for text, _ in kernels)]
    return "\n".join(texts), max((rows for _, rows in kernels), default=0)


def c_source(name: str) -> str:
    """One of this package's files of C."""
    return (files("archsearch.compiler.backends.cpu") / name).read_text(encoding="utf-8")
