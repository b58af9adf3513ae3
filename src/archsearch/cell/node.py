"""A node of a cell's graph, and the names of its sources and memories."""

import re
from dataclasses import dataclass

from archsearch.cell.operators import OPERATORS

# Sources in the order in which they are written; memories follow.
FIXED_SOURCES = ("x_t", "x_tm1", "h_tm1")
X_SOURCES = ("x_t", "x_tm1")
PREVIOUS = "_tm1"

# Canonical names of memories in order of use: c, d, … without h and x, which have a meaning.
MEMORY_NAMES = tuple("cdefgijklmnopqrs")

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Node:
    """One operator or source. `args` are indices of earlier nodes.

    `op` is the name of an operator or of a source: "x_t", "x_tm1", "h_tm1", "c_tm1", …
    `bias` is the initial value of a Linear's bias.
    """

    op: str
    args: tuple[int, ...] = ()
    bias: float = 0.0

    @property
    def is_source(self) -> bool:
        return self.op not in OPERATORS

    @property
    def is_commutative(self) -> bool:
        """Whether it is an operator whose arguments may stand in any order."""
        return bool(self.args) and OPERATORS[self.op].commutative

    @property
    def state(self) -> str | None:
        """The state whose previous value this source is: "h", "c", …; None for all else."""
        if self.is_source and self.op not in X_SOURCES:
            return self.op.removesuffix(PREVIOUS)
        return None
