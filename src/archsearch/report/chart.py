"""Charts: drawn once, as SVG for the page and as SVG and PNG for a paper.

Colours are Okabe and Ito's, which colour-blind readers tell apart, and lines differ in their dashes
too. Texts are drawn as outlines, so that a chart looks the same everywhere; nothing in a file
depends on the day or the machine.
"""

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from archsearch.wording import shortened

# Blue, vermilion, green, purple, orange, sky blue, black; their yellow is too light for lines.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
DASHES: tuple[Any, ...] = ("-", "--", "-.", (0, (6, 1, 1, 1, 1, 1)))  # dots are for references
GREY = "#767676"
WIDTH, HEIGHT = 4.6, 3.4  # inches: letters stay legible where a phone shows the chart
LETTERS = 56  # that fit into a line of a legend
DOTS_PER_INCH = 200
STYLE: Any = {
    "axes.edgecolor": GREY,
    "axes.labelsize": 10,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "svg.fonttype": "path",
    "svg.hashsalt": "archsearch",
    "text.parse_math": False,  # names may have dollar signs
}


@dataclass(frozen=True, slots=True)
class Chart:
    """name: of its files. caption: what it shows, for all. alt: the same for who cannot see it."""

    name: str
    caption: str
    alt: str
    svg: bytes
    png: bytes


@dataclass(slots=True)
class Canvas:
    """A figure while it is drawn; `chart` makes it a value."""

    figure: Figure

    def axes(self, x_label: str, y_label: str) -> Axes:
        axes = self.figure.subplots()
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        return axes

    def legend(self, axes: Axes) -> None:
        """Below the axes, where it hides no data."""
        handles, labels = axes.get_legend_handles_labels()
        if labels:
            columns = 2 if max(map(len, labels)) <= 22 else 1
            self.figure.legend(handles, labels, loc="outside lower center", ncols=columns)
            rows = -(-len(labels) // columns)
            self.figure.set_size_inches(WIDTH, HEIGHT + 0.19 * max(0, rows - 2))

    def chart(self, name: str, caption: str, alt: str | None = None) -> Chart:
        svg, png = io.BytesIO(), io.BytesIO()
        self.figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
        self.figure.set_layout_engine("none")  # it has found its places
        self.figure.savefig(png, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
        return Chart(name, caption, alt or caption, svg.getvalue(), png.getvalue())


@contextmanager
def canvas(width: float = WIDTH, height: float = HEIGHT) -> Iterator[Canvas]:
    """An empty figure, in inches, to be drawn and made a chart inside the context."""
    with matplotlib.rc_context(STYLE):
        yield Canvas(Figure(figsize=(width, height)))


def look(index: int) -> dict[str, Any]:
    """Colour and dashes of the i-th of many lines. Each has other dashes than the one before, so
    that it does not hide one that it covers."""
    return {
        "color": COLOURS[index % len(COLOURS)],
        "linestyle": DASHES[index % len(DASHES)],
    }


def label(name: str) -> str:
    """A name as charts write it: no longer than there is room, and what their font lacks is a
    question mark."""
    known = (c if c == "…" or (c.isprintable() and ord(c) < 0x250) else "?" for c in name)
    return shortened("".join(known), LETTERS)


def slug(text: str) -> str:
    """A name for anchors and files."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", text)


def limits(values: Sequence[float], margin: float = 0.06) -> tuple[float, float]:
    """Bounds with some air."""
    low, high = min(values), max(values)
    air = (high - low or abs(high) or 1.0) * margin
    return low - air, high + air
