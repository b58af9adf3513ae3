"""A curve as lines of text."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple


class Strokes(NamedTuple):
    """What a chart is drawn with."""

    level: str
    upright: str
    marked: str
    axis: str
    origin: str
    corners: str  # from a level down into an upright, out of it; up into one, out of it


UNICODE = Strokes("━", "┃", "┄", "│", "└", "┓┗┛┏")
ASCII = Strokes("=", "|", "-", "|", "+", "++++")


def text_chart(
    values: Sequence[float],
    marks: Mapping[str, float],
    width: int,
    height: int,
    strokes: Strokes = UNICODE,
) -> list[str]:
    """`height` lines of at most `width` characters: the course of `values` as steps.

    values: one for each trial; NaN where there is none yet. Where there are more than columns, a
        column shows the last of its own; where there are fewer, the columns repeat them.
    marks: figures to compare with, by name; each is a level line.
    """
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return []
    low, high = _range(known, marks.values())
    labels = [_figure(high - (high - low) * row / (height - 1)) for row in range(height)]
    margin = max(map(len, labels)) + 2
    names = sum(len(name) + 1 for name in marks)  # where all lines fall together
    columns = _sampled(values, max(1, width - margin - names))
    grid = [[" "] * len(columns) for _ in range(height)]

    def row_of(value: float) -> int:
        return round((high - min(max(value, low), high)) / (high - low) * (height - 1))

    ends = [""] * height
    for name, value in marks.items():
        grid[row_of(value)] = [strokes.marked] * len(columns)
        ends[row_of(value)] += f" {name}"
    _draw_steps(grid, [None if math.isnan(value) else row_of(value) for value in columns], strokes)
    lines = []
    for row in range(height):
        label = labels[row] if row in (0, height // 2, height - 1) else ""
        lines.append(f"{label:>{margin - 2}} {strokes.axis}{''.join(grid[row])}{ends[row]}")
    return [*lines, f"{'':>{margin - 2}} {strokes.origin}1{len(values):>{len(columns) - 1}}"]


def _draw_steps(grid: list[list[str]], rows: Sequence[int | None], strokes: Strokes) -> None:
    previous: int | None = None
    for x, row in enumerate(rows):
        if row is None:
            continue
        first = row if previous is None else previous
        for between in range(min(row, first), max(row, first) + 1):
            grid[between][x] = strokes.upright
        if first == row:
            grid[row][x] = strokes.level
        else:
            turn = 0 if row > first else 2
            grid[first][x], grid[row][x] = strokes.corners[turn], strokes.corners[turn + 1]
        previous = row


def _range(known: Sequence[float], marks: Iterable[float]) -> tuple[float, float]:
    """Lowest and highest to show. The first third of a course does not count, as the first cells of
    a search are often many times worse than all that follow: it is drawn at the edge."""
    shown = [known[len(known) // 3], known[-1], *marks]
    low, high = min(shown), max(shown)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _sampled(values: Sequence[float], columns: int) -> list[float]:
    return [values[math.ceil((i + 1) * len(values) / columns) - 1] for i in range(columns)]


def _figure(value: float) -> str:
    return f"{value:#.4g}".removesuffix(".")
