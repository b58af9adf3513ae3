"""Lines and arrows as SVG path elements."""

from collections.abc import Sequence

from archsearch.drawing.layout import Point

ARROW = 7.0  # length of an arrow's head


def curve(start: Point, bends: tuple[float, float], end: Point) -> str:
    """Level, then one smooth change of height between the two bends, then level."""
    if abs(end[1] - start[1]) < 0.05:
        return f"M{_pair(start)}H{px(end[0])}"
    left, right = bends
    # The arrow's head needs a level end even where the box fills its layer.
    right = min(right, end[0])
    middle = (left + right) / 2
    handles = _pair((middle, start[1])), _pair((middle, end[1]))
    return f"M{_pair(start)}H{px(left)}C{' '.join(handles)} {_pair((right, end[1]))}H{px(end[0])}"


def rounded(points: Sequence[Point], radius: float = 10.0) -> str:
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


def arrow_head(tip: Point, colour: str) -> str:
    """A triangle that points right."""
    return f'<path d="M{_pair(tip)}l{px(-ARROW)} -3.4v6.8z" fill="{colour}" stroke="none"/>'


def px(number: float) -> str:
    """A coordinate with at most two decimals, written as short as possible."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _pair(point: Point) -> str:
    return f"{px(point[0])} {px(point[1])}"
