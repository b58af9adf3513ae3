"""From a cell to a scheduled program, and backends that run it. No torch above backends/."""

from archsearch.compiler.pipeline import KERNEL_PASSES, PASSES, compile
from archsearch.compiler.program import Program, weight_slots

__all__ = ["KERNEL_PASSES", "PASSES", "Program", "compile", "weight_slots"]
