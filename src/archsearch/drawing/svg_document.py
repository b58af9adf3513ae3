"""The frame of a drawing: size, name, description, white ground; and drawings on one sheet."""

import re
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

from archsearch.drawing.svg_figures import FONT_SIZE, string_width
from archsearch.drawing.svg_paths import px

FONT = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
_SIZE = re.compile(r'<svg [^>]*?width="(?P<width>\d+)" height="(?P<height>\d+)"')
_MARGIN, _HEADING_HEIGHT, _FONT_SIZE = 24, 36, 16
_STYLE = f'font-size="{_FONT_SIZE}" font-weight="bold" fill="#333333"'


def svg_document(
    width: float, height: float, title: str, described: str, pieces: Iterable[str]
) -> str:
    """The text of a standalone SVG document, in pixels.

    Its title and description are its first children, which is how readers find them. References to
    them by id would clash where one drawing stands twice on a page.
    """
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img"'
            f' width="{width:.0f}" height="{height:.0f}"'
            f' viewBox="0 0 {px(width)} {px(height)}"'
            f' font-family={quoteattr(FONT)} font-size="{px(FONT_SIZE)}">',
            f"<title>{escape(title)}</title>",
            f"<desc>{escape(described)}</desc>",
            f'<rect width="{px(width)}" height="{px(height)}" fill="#ffffff"/>',
            *pieces,
            "</svg>\n",
        ]
    )


def sheet(title: str, headings: Sequence[str], drawings: Sequence[str]) -> str:
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
