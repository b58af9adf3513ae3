"""Several drawings on one sheet, as one drawing."""

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape

from archsearch.drawing.svg_document import svg_document

_SIZE = re.compile(r'<svg [^>]*?width="(?P<width>\d+)" height="(?P<height>\d+)"')
_MARGIN, _HEADING_HEIGHT, _FONT_SIZE = 24, 36, 16
_WIDTH_OF_A_LETTER = 0.62 * _FONT_SIZE
_STYLE = f'font-size="{_FONT_SIZE}" font-weight="bold" fill="#333333"'


def sheet(
    title: str, headings: Sequence[str], drawings: Sequence[str], max_row_width: int = 0
) -> str:
    """A standalone SVG document of SVG documents with sizes in pixels, each under its heading.

    They stand side by side where they fit into `max_row_width` pixels, else one below the other.
    """
    sizes = [_size(*pair) for pair in zip(headings, drawings, strict=True)]
    in_a_row = sum(width for width, _ in sizes) <= max_row_width
    pieces: list[str] = []
    x = y = width = height = 0
    for heading, drawing, (own_width, own_height) in zip(headings, drawings, sizes, strict=True):
        pieces.append(
            f'<text x="{x + _MARGIN}" y="{y + _HEADING_HEIGHT - 10}" {_STYLE}>'
            f"{escape(_printable(heading))}</text>"
        )
        placed = f'<svg x="{x}" y="{y + _HEADING_HEIGHT}" '
        pieces.append(drawing.replace("<svg ", placed, 1).rstrip())
        width, height = max(width, x + own_width), max(height, y + own_height)
        x, y = (x + own_width, 0) if in_a_row else (0, y + own_height)
    return svg_document(width, height, title, "; ".join(map(_printable, headings)), pieces)


def _printable(text: str) -> str:
    """XML has no place for control characters, and some turn the direction of what follows."""
    return "".join(character if character.isprintable() else "�" for character in text)


def _size(heading: str, drawing: str) -> tuple[int, int]:
    """Width and height of a drawing with its heading."""
    size = _SIZE.match(drawing)
    assert size is not None, drawing[:200]
    heading_width = round(2 * _MARGIN + _WIDTH_OF_A_LETTER * len(heading))
    return max(int(size["width"]), heading_width), int(size["height"]) + _HEADING_HEIGHT
