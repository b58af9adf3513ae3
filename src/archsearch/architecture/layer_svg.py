"""Drawings one below the other, as one drawing."""

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape

_SIZE = re.compile(r'<svg [^>]*?width="(?P<width>\d+)" height="(?P<height>\d+)"')
_MARGIN, _HEADING_HEIGHT, _FONT_SIZE = 24, 36, 16
_WIDTH_OF_A_LETTER = 0.62 * _FONT_SIZE
_STYLE = (
    "font-family=\"Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif\""
    f' font-size="{_FONT_SIZE}" font-weight="bold" fill="#333333"'
)


def stacked(title: str, headings: Sequence[str], drawings: Sequence[str]) -> str:
    """A standalone SVG document of SVG documents with sizes in pixels, each under its heading."""
    pieces: list[str] = []
    width, y = 0.0, 0
    for heading, drawing in zip(headings, drawings, strict=True):
        size = _SIZE.match(drawing)
        assert size is not None, drawing[:200]
        baseline = y + _HEADING_HEIGHT - 10
        pieces.append(f'<text x="{_MARGIN}" y="{baseline}" {_STYLE}>{escape(heading)}</text>')
        y += _HEADING_HEIGHT
        pieces.append(drawing.replace("<svg ", f'<svg y="{y}" ', 1).rstrip())
        y += int(size["height"])
        width = max(width, int(size["width"]), 2 * _MARGIN + _WIDTH_OF_A_LETTER * len(heading))
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width:.0f}" height="{y}"'
            f' viewBox="0 0 {width:.0f} {y}">',
            f"<title>{escape(title)}</title>",
            f'<rect width="{width:.0f}" height="{y}" fill="#ffffff"/>',
            *pieces,
            "</svg>\n",
        ]
    )
