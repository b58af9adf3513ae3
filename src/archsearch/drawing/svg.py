"""A diagram as a standalone SVG picture: no scripts, no external references, any viewer."""

from collections.abc import Iterable, Sequence
from math import sqrt
from xml.sax.saxutils import escape, quoteattr

from archsearch.drawing.diagram import Diagram, Kind
from archsearch.drawing.layout import Layout, Point, Wire, layered_layout
from archsearch.drawing.svg_figures import (
    CIRCLE,
    FONT_SIZE,
    NAME_SIZE,
    draw_figure,
    figure_box,
    figure_size,
    px,
    string_width,
)

FONT = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
MARGIN = 24.0
ARROW = 7.0  # length of an arrow's head
LANE_GAP = 14.0  # between recurrent edges
LEGEND_ROW = 24.0
NEXT_STEP = "to the next time step"


def to_svg(picture: Diagram) -> str:
    """The text of an SVG document that shows the diagram from left to right.

    Time runs along the dashed edges: each leads from a new state back to the same state one step
    earlier. Takes well below a second for several hundred figures.
    """
    layout = layered_layout(
        [figure_box(figure) for figure in picture.figures],
        [(edge.source, edge.target) for edge in picture.edges],
        last=picture.outputs,
    )
    return _Canvas(picture, layout).document()


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


class _Canvas:
    """Puts the pieces of one picture together; coordinates are final."""

    def __init__(self, picture: Diagram, layout: Layout) -> None:
        self.picture = picture
        self.layout = layout
        kinds = sorted({figure.kind for figure in picture.figures}, key=lambda kind: kind.fill)
        self.legend = {kind.legend: kind for kind in sorted(kinds, key=lambda kind: kind.legend)}
        above, below = _lanes(picture, layout)
        side = LANE_GAP * len(picture.recurrences) + (ARROW if picture.recurrences else 0.0)
        self.top = MARGIN + LANE_GAP * len(above)
        self.bottom = self.top + layout.height + LANE_GAP * len(below)
        self.lanes = above, below
        legend_width = sum(map(_legend_entry_width, self._legend_texts()))
        self.width = max(layout.width + 2 * side, legend_width) + 2 * MARGIN
        self.left = (self.width - layout.width) / 2
        self.height = self.bottom + MARGIN + LEGEND_ROW + MARGIN / 2

    def document(self) -> str:
        pieces = (*self._wires(), *self._recurrences(), *self._figures(), *self._legend())
        title, described = self.picture.title, self.picture.description
        return svg_document(self.width, self.height, title, described, pieces)

    def _at(self, point: Point) -> Point:
        return point[0] + self.left, point[1] + self.top

    def _start(self, wire: Wire) -> Point:
        """A frame may be narrower than its place, which has room for its name too."""
        return self._side(wire.source, 1) if wire.at_source else self._at(wire.start)

    def _wires(self) -> list[str]:
        by_colour: dict[str, list[str]] = {}
        for wire in self.layout.wires:
            colour = self.picture.figures[wire.source].kind.wire
            pieces = by_colour.setdefault(colour, [])
            start = self._start(wire)
            end = self._at(wire.end)
            bends = wire.bend_start + self.left, wire.bend_end + self.left
            if wire.edge is None:
                pieces.append(f'<path d="{_curve(start, bends, end)}"/>')
                continue
            tip = self._tip(wire, end)
            back = (tip[0] - ARROW, tip[1])
            pieces.append(f'<path d="{_curve(start, bends, back)}"/>')
            pieces.append(_arrow_head(tip, colour))
        for vertex, point in self.layout.junctions:
            colour = self.picture.figures[vertex].kind.wire
            x, y = self._at(point)
            by_colour[colour].append(
                f'<circle cx="{px(x)}" cy="{px(y)}" r="2.4" fill="{colour}" stroke="none"/>'
            )
        return [
            f'<g fill="none" stroke="{colour}" stroke-width="1.4">{"".join(pieces)}</g>'
            for colour, pieces in by_colour.items()
        ]

    def _tip(self, wire: Wire, end: Point) -> Point:
        """Where the edge meets the frame, which may be narrower than its place, and round."""
        assert wire.edge is not None
        edge = self.picture.edges[wire.edge]
        figure = self.picture.figures[edge.target]
        x, y = self._at(self.layout.centres[edge.target])
        width, _ = figure_size(figure)
        tip = x - width / 2
        if figure.is_round:
            radius = CIRCLE / 2
            tip += radius - sqrt(radius**2 - (end[1] - y) ** 2)
        return tip, end[1]

    def _recurrences(self) -> list[str]:
        pieces = []
        count = len(self.picture.recurrences)
        for side, lanes in zip((-1, 1), self.lanes, strict=True):
            for lane, (output, source) in enumerate(lanes):
                colour = self.picture.figures[output].kind.wire
                out = self._side(output, 1)
                into = self._side(source, -1)
                edge_y = self.top if side < 0 else self.top + self.layout.height
                level = edge_y + side * LANE_GAP * (lane + 1)
                reach = LANE_GAP * (lane + 1 + (0 if side < 0 else count - len(lanes)))
                right = self.left + self.layout.width + reach
                left = self.left - ARROW - reach
                back = (into[0] - ARROW, into[1])
                corners = [out, (right, out[1]), (right, level), (left, level), (left, back[1])]
                pieces.append(
                    f'<path d="{_rounded([*corners, back])}" stroke="{colour}"'
                    ' stroke-dasharray="6 4"/>'
                )
                pieces.append(_arrow_head(into, colour))
        return ['<g fill="none" stroke-width="1.6">', *pieces, "</g>"] if pieces else []

    def _side(self, figure: int, sign: int) -> Point:
        x, y = self._at(self.layout.centres[figure])
        return x + sign * figure_size(self.picture.figures[figure])[0] / 2, y

    def _figures(self) -> list[str]:
        argument_at = {}  # (figure, port) -> argument
        for edge, port in zip(self.picture.edges, self.layout.ports, strict=True):
            argument_at[edge.target, port] = edge.argument
        pieces = []
        for number, figure in enumerate(self.picture.figures):
            centre = self._at(self.layout.centres[number])
            order = [argument_at[number, port] for port in range(figure.num_arguments)]
            pieces.append(draw_figure(number, figure, centre, order))
        return pieces

    def _legend(self) -> list[str]:
        x, y = MARGIN, self.height - MARGIN / 2 - LEGEND_ROW / 2
        pieces = [f'<g font-size="{px(NAME_SIZE)}" fill="#333333">']
        for text in self._legend_texts():
            pieces.append(_legend_sign(self.legend.get(text), x, y))
            pieces.append(f'<text x="{px(x + 26)}" y="{px(y + 4)}">{escape(text)}</text>')
            x += _legend_entry_width(text)
        return [*pieces, "</g>"]

    def _legend_texts(self) -> list[str]:
        return [*self.legend, *([NEXT_STEP] if self.picture.recurrences else [])]


def _legend_sign(kind: Kind | None, x: float, y: float) -> str:
    if kind is None:
        return (
            f'<path d="M{px(x)} {px(y)}h20" stroke="#333333" stroke-width="1.6"'
            ' stroke-dasharray="6 4" fill="none"/>'
        )
    return (
        f'<rect x="{px(x)}" y="{px(y - 7)}" width="20" height="14"'
        f' rx="{px(min(kind.corner, 7))}" fill="{kind.fill}" stroke="{kind.stroke}"/>'
    )


def _legend_entry_width(text: str) -> float:
    return 26 + string_width(text, NAME_SIZE) + 16


_Recurrences = list[tuple[int, int]]


def _lanes(picture: Diagram, layout: Layout) -> tuple[_Recurrences, _Recurrences]:
    """Recurrences that run above and below the picture; the innermost lane first.

    Each takes the nearer way; those whose ends lie further out take the inner lanes, so that few
    of them cross.
    """

    def level(recurrence: tuple[int, int]) -> float:
        return sum(layout.centres[figure][1] for figure in recurrence) / 2

    ordered = sorted(picture.recurrences, key=level)
    above = [recurrence for recurrence in ordered if level(recurrence) < layout.height / 2]
    below = [recurrence for recurrence in reversed(ordered) if recurrence not in above]
    return above, below


def _curve(start: Point, bends: tuple[float, float], end: Point) -> str:
    """Level, then one smooth change of height between the two bends, then level."""
    if abs(end[1] - start[1]) < 0.05:
        return f"M{_pair(start)}H{px(end[0])}"
    left, right = bends
    # The arrow's head needs a level end even where the box fills its layer.
    right = min(right, end[0])
    middle = (left + right) / 2
    handles = _pair((middle, start[1])), _pair((middle, end[1]))
    return f"M{_pair(start)}H{px(left)}C{' '.join(handles)} {_pair((right, end[1]))}H{px(end[0])}"


def _rounded(points: Sequence[Point], radius: float = 10.0) -> str:
    """A line through points with level and upright pieces, its corners rounded."""
    commands = [f"M{_pair(points[0])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        turn_in, turn_out = _towards(corner, before, radius), _towards(corner, after, radius)
        commands.append(f"L{_pair(turn_in)}Q{_pair(corner)} {_pair(turn_out)}")
    return "".join([*commands, f"L{_pair(points[-1])}"])


def _towards(point: Point, other: Point, distance: float) -> Point:
    dx, dy = other[0] - point[0], other[1] - point[1]
    length = abs(dx) + abs(dy)
    share = min(distance, length / 2) / length if length else 0.0
    return point[0] + dx * share, point[1] + dy * share


def _arrow_head(tip: Point, colour: str) -> str:
    """A triangle that points right."""
    return f'<path d="M{_pair(tip)}l{px(-ARROW)} -3.4v6.8z" fill="{colour}" stroke="none"/>'


def _pair(point: Point) -> str:
    return f"{px(point[0])} {px(point[1])}"
