"""Two cells side by side, with what they have in common marked in both."""

from collections.abc import Mapping, Sequence

from archsearch.cell.cell import Cell
from archsearch.drawing.cell_diagram import Diagram, Edge, Figure, diagram
from archsearch.drawing.cell_svg import Marks, to_svg
from archsearch.drawing.common_nodes import common_nodes, slot
from archsearch.drawing.svg_sheet import sheet

MAX_ROW_WIDTH = 1800  # pixels; wider pairs stand one below the other


def draw_pair(a: Cell, b: Cell, names: tuple[str, str] = ("", "")) -> str:
    """The text of an SVG document with the drawings of both cells.

    What they have in common (`common_nodes`) is underlaid in one colour, wires included, and an
    operator has the same number in both.

    names: what to call them in the headings, beside their keys.
    """
    partners = common_nodes(a, b)
    figures = {**partners, **_common_outputs(a, b, partners)}
    inverse = {j: i for i, j in figures.items()}
    numbers = _numbers(a, figures)
    marks = (
        Marks(numbers, _common_edges(diagram(a), diagram(b), figures), "in both cells"),
        Marks(
            {j: numbers[i] for j, i in inverse.items()},
            _common_edges(diagram(b), diagram(a), inverse),
            "in both cells",
        ),
    )
    headings = [
        f"{name + ', ' if name else ''}cell {cell.key}: {len(partners)} of {cell.num_nodes} nodes"
        for cell, name in zip((a, b), names, strict=True)
    ]
    drawings = [to_svg(cell, own) for cell, own in zip((a, b), marks, strict=True)]
    return sheet(f"Cells {a.key} and {b.key}", headings, drawings, MAX_ROW_WIDTH)


def _common_outputs(a: Cell, b: Cell, partners: Mapping[int, int]) -> dict[int, int]:
    """The figures of new states whose nodes are partners: h with h, each memory with one memory."""
    common: dict[int, int] = {}
    for k, (name, i) in enumerate(a.outputs, len(a.nodes)):
        for other_k, (other, j) in enumerate(b.outputs, len(b.nodes)):
            is_like = (name == "h") == (other == "h") and partners.get(i) == j
            if is_like and k not in common and other_k not in common.values():
                common[k] = other_k
    return common


def _common_edges(picture: Diagram, other: Diagram, partners: Mapping[int, int]) -> frozenset[int]:
    """The edges whose ends have partners between which there is an edge as well."""

    def place(edge: Edge, figures: Sequence[Figure]) -> int:
        return slot(figures[edge.target].operator, edge.argument)

    there = {(edge.source, edge.target, place(edge, other.figures)) for edge in other.edges}
    return frozenset(
        number
        for number, edge in enumerate(picture.edges)
        if (
            partners.get(edge.source),
            partners.get(edge.target),
            place(edge, picture.figures),
        )
        in there
    )


def _numbers(a: Cell, figures: Mapping[int, int]) -> dict[int, str]:
    """What to write beside each common figure of the first cell: operators are counted."""
    operators = [i for i in sorted(figures) if i < len(a.nodes) and not a.nodes[i].is_source]
    count = {i: str(number) for number, i in enumerate(operators, 1)}
    return {i: count.get(i, "") for i in figures}
