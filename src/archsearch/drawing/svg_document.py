"""The frame of a drawing: size, name, description, white ground."""

from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from archsearch.drawing.svg_figures import FONT_SIZE
from archsearch.drawing.svg_paths import px

FONT = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"


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
