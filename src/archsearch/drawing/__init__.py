"""Architectures for the eye: equations, Graphviz's DOT, SVG. Needs no torch."""

from functools import singledispatch
from typing import Literal, NoReturn

from archsearch.architecture import ConvNetwork, HeterogeneousLayer
from archsearch.cell import Cell
from archsearch.drawing import (
    cell_diagram,
    cell_equations,
    conv_diagram,
    conv_equations,
    dot,
    layers,
    svg,
)

__all__ = ["equations", "to_dot", "to_svg"]


@singledispatch
def equations(architecture: object, style: Literal["unicode", "latex"] = "unicode") -> str:  # noqa: ARG001
    """What it computes, one equation a line."""
    _refuse(architecture)


@singledispatch
def to_dot(architecture: object) -> str:
    """Its graph in Graphviz's DOT language."""
    _refuse(architecture)


@singledispatch
def to_svg(architecture: object) -> str:
    """A drawing as a document of its own."""
    _refuse(architecture)


def _refuse(architecture: object) -> NoReturn:
    raise TypeError(f"expected a cell, a layer or a network, got {type(architecture).__name__}")


equations.register(Cell, cell_equations.equations)
equations.register(HeterogeneousLayer, layers.equations)
equations.register(ConvNetwork, conv_equations.equations)
to_dot.register(Cell, lambda cell: dot.to_dot(cell_diagram.diagram(cell)))
to_dot.register(HeterogeneousLayer, layers.to_dot)
to_dot.register(ConvNetwork, lambda network: dot.to_dot(conv_diagram.diagram(network)))
to_svg.register(Cell, lambda cell: svg.to_svg(cell_diagram.diagram(cell)))
to_svg.register(HeterogeneousLayer, layers.to_svg)
to_svg.register(ConvNetwork, lambda network: svg.to_svg(conv_diagram.diagram(network)))
