"""Dots of which a few lie far off: these stand at the edge, so that all others can be told apart.

Only what is far worse than the rest is cut; the best cells are what a reader looks for.
"""

from collections.abc import Sequence
from statistics import quantiles
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.collections import PathCollection

from archsearch.report.chart import COLOURS, limits

ROOM = 3.0  # times the distance of the quartiles, that a value may lie beyond them
EDGE = 0.05  # of the axes, between their edge and what stands there


class Bounds(NamedTuple):
    """What an axis shows at most."""

    low: float
    high: float

    def has(self, value: float) -> bool:
        return self.low <= value <= self.high


def middle(values: Sequence[float]) -> Bounds:
    """Without what lies far from the middle half, on either side."""
    first, _, third = quantiles(values, n=4, method="inclusive")
    room = ROOM * (third - first)
    return Bounds(first - room, third + room)


def without_bad(metrics: Sequence[float], *, lower_is_better: bool | None) -> Bounds:
    """Without what is far worse than the middle half; nothing is too good to be shown."""
    low, high = middle(metrics)
    if lower_is_better is None:
        return Bounds(min(metrics), max(metrics))
    return Bounds(min(metrics), high) if lower_is_better else Bounds(low, max(metrics))


def with_all(bounds: Bounds, values: Sequence[float]) -> Bounds:
    """Wide enough for these values too."""
    return Bounds(min(bounds.low, *values), max(bounds.high, *values))


def scatter(
    axes: Axes,
    xs: Sequence[float],
    ys: Sequence[float],
    within: tuple[Bounds, Bounds],
    **style: Any,
) -> PathCollection:
    """A dot a point, and a triangle at the edge for each that lies beyond the bounds of x and y."""
    x_bounds, y_bounds = within
    shown_xs = limits([x for x in xs if x_bounds.has(x)])
    shown_ys = limits([y for y in ys if y_bounds.has(y)])
    assert shown_xs is not None
    assert shown_ys is not None
    axes.set_xlim(*shown_xs)
    axes.set_ylim(*shown_ys)
    for x, y in zip(xs, ys, strict=True):
        if not (x_bounds.has(x) and y_bounds.has(y)):
            _point_beyond(axes, (x, y), shown_xs, shown_ys)
    return axes.scatter(xs, ys, **style)  # what lies beyond the limits is not drawn


def _point_beyond(
    axes: Axes, point: tuple[float, float], xs: tuple[float, float], ys: tuple[float, float]
) -> None:
    x, y = (min(max(v, low), high) for v, (low, high) in zip(point, (xs, ys), strict=True))
    if y != point[1]:
        is_up = point[1] > y
        mark, at = "^" if is_up else "v", (x, 1 - EDGE if is_up else EDGE)
        transform = axes.get_xaxis_transform()
    else:
        is_right = point[0] > x
        mark, at = ">" if is_right else "<", (1 - EDGE if is_right else EDGE, y)
        transform = axes.get_yaxis_transform()
    axes.plot(*at, mark, color=COLOURS[1], markersize=4, transform=transform, clip_on=False)


def beyond_text(xs: Sequence[float], ys: Sequence[float], within: tuple[Bounds, Bounds]) -> str:
    """How many points are triangles; empty where none is."""
    x_bounds, y_bounds = within
    count = sum(not (x_bounds.has(x) and y_bounds.has(y)) for x, y in zip(xs, ys, strict=True))
    if not count:
        return ""
    return f" {count} lie{'s' * (count == 1)} beyond the edge, where triangles point to them."
