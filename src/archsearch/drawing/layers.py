"""A heterogeneous layer as equations, DOT and SVG: its cells, one after another."""

import re
from collections.abc import Sequence
from typing import Literal
from xml.sax.saxutils import escape

from archsearch.architecture.layer import HeterogeneousLayer
from archsearch.drawing.cell_diagram import diagram
from archsearch.drawing.dot import digraph, statements
from archsearch.drawing.svg import svg_document
from archsearch.drawing.svg_figures import string_width

_SIZE = re.compile(r'<svg [^>]*?width="(?P<width>\d+)" height="(?P<height>\d+)"')
_MARGIN, _HEADING_HEIGHT, _FONT_SIZE = 24, 36, 16
_STYLE = f'font-size="{_FONT_SIZE}" font-weight="bold" fill="#333333"'
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
            f'  label="{heading}"; fontname="Helvetica"; color="#999999";',
            *(f"  {line}" for line in statements(diagram(cell), f"c{number}n")),
            "}",
        ]
    return digraph(f"layer {layer.key}", body)


def to_svg(layer: HeterogeneousLayer) -> str:
    """The drawings of the cells, one below the other."""
    drawings = [cell.to_svg() for cell, _ in layer.groups]
    return _sheet(f"Heterogeneous layer {layer.key}", list(_headings(layer)), drawings)


def _headings(layer: HeterogeneousLayer) -> tuple[str, ...]:
    total = len(layer.cells)
    return tuple(f"{shares} of {total} shares: cell {cell.key}" for cell, shares in layer.groups)


def _sheet(title: str, headings: Sequence[str], drawings: Sequence[str]) -> str:
    """A standalone SVG document of SVG documents with sizes in pixels, each under its heading."""
    pieces: list[str] = []
    width = height = 0
    for heading, drawing in zip(headings, drawings, strict=True):
        size = _SIZE.match(drawing)
        assert size is not None, drawing[:200]
        top = height + _HEADING_HEIGHT
        pieces.append(f'<text x="{_MARGIN}" y="{top - 10}" {_STYLE}>{escape(heading)}</text>')
        pieces.append(drawing.replace("<svg ", f'<svg y="{top}" ', 1).rstrip())
        heading_width = round(2 * _MARGIN + string_width(heading, _FONT_SIZE))
        width = max(width, int(size["width"]), heading_width)
        height = top + int(size["height"])
    return svg_document(width, height, title, "; ".join(headings), pieces)
