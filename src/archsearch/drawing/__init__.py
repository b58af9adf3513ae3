"""Architectures for the eye: equations, Graphviz's DOT, SVG. Needs no torch."""

from functools import singledispatch
from typing import Literal, NoReturn

from archsearch.architecture import ConvNetwork, HeterogeneousLayer
from archsearch.cell import Cell
from archsearch.drawing import (
    cell_dot,
    cell_equations,
    cell_svg,
    conv_dot,
    conv_equations,
    conv_svg,
    layers,
)
from archsearch.drawing.pair_drawing import draw_pair

__all__ = ["draw_pair", "equations", "to_dot", "to_svg"]


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
to_dot.register(Cell, cell_dot.to_dot)
to_dot.register(HeterogeneousLayer, layers.to_dot)
to_dot.register(ConvNetwork, conv_dot.to_dot)
to_svg.register(Cell, cell_svg.to_svg)
to_svg.register(HeterogeneousLayer, layers.to_svg)
to_svg.register(ConvNetwork, conv_svg.to_svg)
