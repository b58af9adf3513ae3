"""One figure of a drawing as SVG: its size, frame and text."""

import unicodedata
from collections.abc import Sequence
from xml.sax.saxutils import escape

from archsearch.drawing.diagram import Figure, Text
from archsearch.drawing.layout import Point
from archsearch.drawing.layout_order import Box
from archsearch.drawing.notation import Symbol

FONT_SIZE = 14.0
INDEX_SIZE = 10.0
INDEX_DROP = 3.5
NAME_SIZE = 12.0
NAME_HEIGHT = 15.0  # the strip above a figure where its name stands
ROW_HEIGHT = 21.0
ROW_MARGIN = 3.5
FOOTER_HEIGHT = 15.0
CIRCLE = 34.0  # diameter of a round figure
PORT_GAP = 12.0  # between edges that reach a figure without a row for each


def px(number: float) -> str:
    """A coordinate with at most two decimals, written as short as possible."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def text_width(text: Text, size: float = FONT_SIZE) -> float:
    """The width of a line of text in about the widest of the fonts that may show it."""
    width = 0.0
    for part in text:
        if isinstance(part, Symbol):
            width += string_width(part.base, size) + string_width(_index(part), INDEX_SIZE)
        else:
            width += string_width(part, size)
    return width


def string_width(string: str, size: float) -> float:
    return size * sum(map(_character_width, string))


def _character_width(character: str) -> float:
    """In units of the font size."""
    if unicodedata.east_asian_width(character) in "WF":
        return 1.05
    if character in " .,'|!:;ijlt()":
        return 0.36
    return 0.92 if character in "mwMW@%—…" else 0.63


def _index(symbol: Symbol) -> str:
    return ",".join(symbol.index)


def figure_box(figure: Figure) -> Box:
    """The place that a figure takes, its name above it included."""
    width, height = figure_size(figure)
    name_height = NAME_HEIGHT if figure.name is not None else 0.0
    if figure.name is not None:
        width = max(width, text_width((figure.name,), NAME_SIZE))
    return Box(width, height / 2 + name_height, height / 2, _ports(figure))


def figure_size(figure: Figure) -> tuple[float, float]:
    """Width and height of the frame alone."""
    widest = max(map(text_width, figure.rows))
    if figure.is_round:
        return max(CIRCLE, widest + 16), CIRCLE
    footer = FOOTER_HEIGHT if figure.footer else 0.0
    widest = max(widest, string_width(figure.footer, NAME_SIZE))
    height = ROW_HEIGHT * len(figure.rows) + 2 * ROW_MARGIN + footer
    return max(40.0, widest + 18), max(height, PORT_GAP * (figure.num_arguments + 1))


def _ports(figure: Figure) -> tuple[float, ...]:
    count = figure.num_arguments
    if figure.has_row_per_argument:
        return tuple(_row_height(figure, row) for row in range(count))
    return tuple(PORT_GAP * (port - (count - 1) / 2) for port in range(count))


def _row_height(figure: Figure, row: int) -> float:
    """The middle of a row, relative to the middle of the frame."""
    footer = FOOTER_HEIGHT if figure.footer else 0.0
    return ROW_HEIGHT * (row + 0.5 - len(figure.rows) / 2) - footer / 2


def draw_figure(number: int, figure: Figure, centre: Point, order: Sequence[int]) -> str:
    """One figure; `order` says which argument's row stands at each port from the top down."""
    x, y = centre
    width, height = figure_size(figure)
    kind = figure.kind
    corner = min(kind.corner, 8.0 if len(figure.rows) > 1 else CIRCLE / 2)
    pieces = [
        f'<g data-figure="{number}" data-kind="{kind.name}">',
        f"<title>{escape(figure.tooltip)}</title>" if figure.tooltip else "",
        f'<rect x="{px(x - width / 2)}" y="{px(y - height / 2)}" width="{px(width)}"'
        f' height="{px(height)}" rx="{px(corner)}" fill="{kind.fill}" stroke="{kind.stroke}"'
        ' stroke-width="1.4"/>',
    ]
    rows = [figure.rows[i] for i in order] if figure.has_row_per_argument else figure.rows
    for row, text in enumerate(rows):
        pieces.append(_text(text, x, y + _row_height(figure, row)))
    if figure.footer:
        pieces.append(_text((figure.footer,), x, y + height / 2 - 10, NAME_SIZE, "#444444"))
    if figure.name is not None:
        pieces.append(_text((figure.name,), x, y - height / 2 - 9.5, NAME_SIZE, "#444444"))
    return "".join([*pieces, "</g>"])


def _text(text: Text, x: float, y: float, size: float = FONT_SIZE, colour: str = "#111111") -> str:
    """One centred line, its middle at y; indices stand lower and smaller."""
    size_attribute = "" if size == FONT_SIZE else f' font-size="{px(size)}"'
    return (
        f'<text x="{px(x)}" y="{px(y + 0.35 * size)}" text-anchor="middle" fill="{colour}"'
        f'{size_attribute} xml:space="preserve">{_spans(text)}</text>'
    )


def _spans(text: Text) -> str:
    """The parts of a line; dy moves the baseline for all that follows, so it must come back."""
    spans = []
    lowered = 0.0  # how far below the line the last span stands
    for part in text:
        base, index = (part.base, _index(part)) if isinstance(part, Symbol) else (part, "")
        style = ' font-style="italic"' if isinstance(part, Symbol) else ""
        back = f' dy="{px(-lowered)}"' if lowered else ""
        spans.append(f"<tspan{back}{style}>{escape(base)}</tspan>")
        if index:
            spans.append(
                f'<tspan dy="{px(INDEX_DROP)}" font-size="{px(INDEX_SIZE)}">{escape(index)}</tspan>'
            )
        lowered = INDEX_DROP if index else 0.0
    return "".join(spans)
