"""A heterogeneous layer as equations, DOT and SVG: its cells, one after another."""

from typing import Literal

from archsearch.architecture.layer import HeterogeneousLayer
from archsearch.drawing.cell_diagram import diagram
from archsearch.drawing.dot import digraph, quoted, statements
from archsearch.drawing.svg_document import sheet

_ABOUT_MATRICES = "where a matrix multiplies the previous h, it is that of the whole layer"


def equations(layer: HeterogeneousLayer, style: Literal["unicode", "latex"] = "unicode") -> str:
    """The equations of each cell under a heading with its shares."""
    cells = [cell.equations(style) for cell, _ in layer.groups]
    titled = list(zip(_headings(layer), cells, strict=True))
    if style == "latex":  # an empty line would end the mathematics
        rows = [rf"\text{{{heading}}} \\" + f"\n{cell}" for heading, cell in titled]
        body = " \\\\\n".join([rf"\text{{{_ABOUT_MATRICES}}}", *rows])
        return "\\begin{gathered}\n" + body + "\n\\end{gathered}"
    return "\n\n".join((_ABOUT_MATRICES, *(f"{heading}\n{cell}" for heading, cell in titled)))


def to_dot(layer: HeterogeneousLayer) -> str:
    """The graphs of the cells, each in a frame of its own."""
    body: list[str] = []
    titled = zip(layer.groups, _headings(layer), strict=True)
    for number, ((cell, _), heading) in enumerate(titled):
        body += [
            f"subgraph cluster_{number} {{",
            f'  label={quoted(heading)}; fontname="Helvetica"; color="#999999";',
            *(f"  {line}" for line in statements(diagram(cell), f"c{number}n")),
            "}",
        ]
    return digraph(f"layer {layer.key}", body)


def to_svg(layer: HeterogeneousLayer) -> str:
    """The drawings of the cells, one below the other."""
    drawings = [cell.to_svg() for cell, _ in layer.groups]
    return sheet(f"Heterogeneous layer {layer.key}", list(_headings(layer)), drawings)


def _headings(layer: HeterogeneousLayer) -> tuple[str, ...]:
    total = len(layer.cells)
    return tuple(f"{shares} of {total} shares: cell {cell.key}" for cell, shares in layer.groups)
