"""What all architectures have in common."""

from typing import Literal, Protocol, runtime_checkable


@runtime_checkable
class Architecture(Protocol):
    """A cell, a heterogeneous layer or a convolutional network: an immutable value.

    `str` is its text, which `read_architecture` reads back.
    """

    @property
    def key(self) -> str:
        """16 hexadecimal digits, equal for equal architectures in every process."""

    def equations(self, style: Literal["unicode", "latex"] = "unicode") -> str:
        """What it computes, one equation a line."""

    def to_dot(self) -> str:
        """Its graph in Graphviz's DOT language."""

    def to_svg(self) -> str:
        """A drawing."""
