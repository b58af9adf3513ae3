"""Cell -> scheduled program: the one place where the order of the passes is written."""

from collections.abc import Callable

from archsearch.cell.step import Step
from archsearch.compiler.lower import lower
from archsearch.compiler.passes.accumulate import accumulate
from archsearch.compiler.passes.batch_products import batch_products
from archsearch.compiler.passes.canonicalise import canonicalise
from archsearch.compiler.passes.hoist import hoist
from archsearch.compiler.passes.schedule import schedule
from archsearch.compiler.passes.sink import sink
from archsearch.compiler.program import Program

Pass = Callable[[Program], Program]

PASSES: tuple[Pass, ...] = (canonicalise, hoist, accumulate, batch_products, schedule)
KERNEL_PASSES: tuple[Pass, ...] = (*PASSES[:-1], sink, schedule)


def compile(cell: Step, passes: tuple[Pass, ...] = PASSES) -> Program:
    """The scheduled program of a cell, as a backend takes it.

    passes: KERNEL_PASSES for a backend that makes one kernel of a region.
    The cell may use x_t outside a Linear only where input and hidden size are equal; see
    `Cell.with_linear_sources`.
    """
    program = lower(cell)
    for transform in passes:
        program = transform(program)
    return program
