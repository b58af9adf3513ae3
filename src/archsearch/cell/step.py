"""The graph of one time step: of a cell, or of several cells side by side. What backends run."""

from collections.abc import Sequence
from typing import Protocol

from archsearch.cell.node import Node
from archsearch.cell.operators import OPERATORS


class Step(Protocol):
    """One time step as a graph of operators over sources; see Cell.

    outputs: the node that gives each state its next value, "h" first. Where n > 1 cells stand side
    by side, h (B, n·H) consists of a share (B, H) of each: "h0", "h1", … are the first outputs. The
    source "h_tm1" is then all of h, and only Linears may have it; "h0_tm1", … are its shares. No
    memory begins with h.
    """

    @property
    def nodes(self) -> tuple[Node, ...]: ...

    @property
    def outputs(self) -> tuple[tuple[str, int], ...]: ...

    @property
    def linears(self) -> tuple[int, ...]:
        """Indices of the Linear nodes, in canonical order."""

    @property
    def elementwise_sources(self) -> tuple[str, ...]:
        """The x sources used outside a Linear: there x must be as wide as a memory."""

    @property
    def key(self) -> str: ...

    def with_linear_sources(self) -> "Step":
        """The same with each x source that is used outside a Linear sent through one."""


def shares_of_h(outputs: Sequence[tuple[str, int]]) -> tuple[str, ...]:
    """What h consists of: ("h",), or ("h0", "h1", …)."""
    return tuple(name for name, _ in outputs if is_share_of_h(name))


def is_share_of_h(name: str) -> bool:
    """Whether a state is h or a share of it; all others are memories."""
    return name.startswith("h")


def reads_time(step: Step) -> bool:
    """Whether any of its operators depends on the number of the time step."""
    return any(OPERATORS[node.op].reads_time for node in step.nodes if node.args)
