"""Architectures for the eye: equations, Graphviz's DOT, SVG. Needs no torch."""

from collections.abc import Callable
from typing import Any, NamedTuple

from archsearch.architecture import ConvNetwork, HeterogeneousLayer
from archsearch.cell import Cell
from archsearch.drawing import cell_diagram, cell_equations, convolutional, dot, layers, svg
from archsearch.drawing.diagram import Diagram


class Renderer(NamedTuple):
    """How architectures of one kind are shown; see `archsearch.cell.Drawable`."""

    equations: Callable[..., str]
    to_dot: Callable[..., str]
    to_svg: Callable[..., str]


def _of_diagram(equations: Callable[..., str], diagram: Callable[[Any], Diagram]) -> Renderer:
    return Renderer(
        equations, lambda each: dot.to_dot(diagram(each)), lambda each: svg.to_svg(diagram(each))
    )


RENDERERS: dict[type, Renderer] = {
    Cell: _of_diagram(cell_equations.equations, cell_diagram.diagram),
    HeterogeneousLayer: Renderer(layers.equations, layers.to_dot, layers.to_svg),
    ConvNetwork: _of_diagram(convolutional.equations, convolutional.diagram),
}
