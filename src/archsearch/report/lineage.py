"""The family tree of a trial as a drawing with links.

Oldest at the top. An ancestor stands above all who descend from it. The drawing is SVG of our own,
to stand within a page that has an anchor for each ancestor.
"""

from collections.abc import Callable
from html import escape
from xml.sax.saxutils import quoteattr

from archsearch.archive import Trial
from archsearch.drawing.svg import FONT
from archsearch.findings.lineage import Family
from archsearch.wording import change_text, outcome_text, shortened

BOX_WIDTH, BOX_HEIGHT = 148, 54
GAP_X, GAP_Y, MARGIN = 16, 30, 6
LETTERS = 21  # that fit into a box


def to_svg(tree: Family, anchor: Callable[[int], str]) -> str:
    """A drawing whose boxes are links to `#` and the anchor of a number."""
    places, width = _places(tree)
    height = 2 * MARGIN + len(tree.rows) * (BOX_HEIGHT + GAP_Y) - GAP_Y
    lines = [
        _edge(places[parent], places[child])
        for child, parents in tree.parents.items()
        for parent in parents
    ]
    boxes = [_box(tree.members[number], places[number], anchor(number)) for number in tree.members]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="group" aria-label="Family tree, oldest at the top" '
        f'font-family={quoteattr(FONT)} font-size="12" text-anchor="middle" fill="#1a1a1a">'
        f"{''.join(lines)}{''.join(boxes)}</svg>"
    )


def _places(tree: Family) -> tuple[dict[int, tuple[int, int]], int]:
    """The upper left corner of each box, rows centred, and the width of it all."""
    widest = max(map(len, tree.rows))
    width = 2 * MARGIN + widest * (BOX_WIDTH + GAP_X) - GAP_X
    places = {}
    for depth, row in enumerate(tree.rows):
        left = (width - len(row) * (BOX_WIDTH + GAP_X) + GAP_X) // 2
        for i, number in enumerate(row):
            x = left + i * (BOX_WIDTH + GAP_X)
            places[number] = (x, MARGIN + depth * (BOX_HEIGHT + GAP_Y))
    return places, width


def _edge(parent: tuple[int, int], child: tuple[int, int]) -> str:
    x0, y0 = parent[0] + BOX_WIDTH // 2, parent[1] + BOX_HEIGHT
    x1, y1 = child[0] + BOX_WIDTH // 2, child[1]
    middle = (y0 + y1) // 2
    path = f"M{x0} {y0}C{x0} {middle} {x1} {middle} {x1} {y1}"
    return f'<path d="{path}" fill="none" stroke="#767676" stroke-width="1.5"/>'


def _box(trial: Trial, place: tuple[int, int], anchor: str) -> str:
    x, y = place
    number = trial.number
    texts = (
        f"trial {number}",
        outcome_text(trial),
        shortened(change_text(trial.candidate), LETTERS),
    )
    middle = x + BOX_WIDTH // 2
    words = "".join(
        f'<text x="{middle}" y="{y + 16 + 15 * i}">{escape(line)}</text>'
        for i, line in enumerate(texts)
    )
    return (
        f'<a href="#{escape(anchor)}" aria-label="{escape(", ".join(texts))}">'
        f'<rect x="{x}" y="{y}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="6" fill="#ffffff" '
        f'stroke="#0072b2" stroke-width="1.5"/>{words}</a>'
    )
