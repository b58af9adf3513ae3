"""From a cell to a scheduled program, and backends that run it. No torch above backends/."""

from archsearch.compiler.pipeline import PASSES, compile
from archsearch.compiler.program import Program, check, weight_slots

__all__ = ["PASSES", "Program", "check", "compile", "weight_slots"]
