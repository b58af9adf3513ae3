"""From candidate to trial: who evaluates (executors), and how (the evaluator).

The evaluator trains, so it needs torch; it stays in `archsearch.evaluate.evaluator`, that a process
which only supervises workers starts without.
"""

from archsearch.evaluate.processes import Processes
from archsearch.evaluate.serial import Serial

__all__ = ["Processes", "Serial"]
