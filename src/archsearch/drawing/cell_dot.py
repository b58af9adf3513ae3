"""A cell as text in Graphviz's DOT language."""

from collections.abc import Iterable

from archsearch.cell.cell import Cell
from archsearch.drawing.cell_diagram import Diagram, Figure, Kind, Text, diagram
from archsearch.drawing.notation import Symbol

DEFAULTS = (
    'node [fontname="Helvetica", fontsize=12, margin="0.08,0.04", width=0.4, height=0.4];',
    'edge [fontname="Helvetica", fontsize=10, color="#555555", arrowsize=0.7];',
)
_STYLES = {
    Kind.INPUT: 'shape=box, style="rounded,filled", fillcolor="#dcecf7", color="#0072b2"',
    Kind.HIDDEN: 'shape=box, style="rounded,filled", fillcolor="#fbe3d3", color="#d55e00"',
    Kind.MEMORY: 'shape=cylinder, style=filled, fillcolor="#d5efe5", color="#009e73"',
    Kind.PRODUCT: 'shape=box, style=filled, fillcolor="#fbf3b4", color="#8a7a00"',
    Kind.ELEMENTWISE: 'shape=ellipse, style=filled, fillcolor="#ffffff", color="#444444"',
}


def to_dot(cell: Cell) -> str:
    """A digraph from left to right: n0, n1, … are the cell's nodes, in order, then its outputs.

    Dashed edges lead from a new state to the same state one step earlier.
    """
    return digraph(f"cell {cell.key}", ["rankdir=LR;", *statements(cell)])


def digraph(name: str, body: Iterable[str]) -> str:
    """A whole document of these statements."""
    lines = [*DEFAULTS, *body]
    return "\n".join([f"digraph {quoted(name)} {{", *(f"  {line}" for line in lines), "}"]) + "\n"


def statements(cell: Cell, prefix: str = "n") -> list[str]:
    """Nodes, edges and ranks of a cell; its nodes are called by the prefix and their number."""
    picture = diagram(cell)
    sources = [i for i, figure in enumerate(picture.figures) if figure.num_arguments == 0]
    return [
        *(f"{prefix}{i} [{_attributes(figure)}];" for i, figure in enumerate(picture.figures)),
        *_edges(picture, prefix),
        *(
            f"{prefix}{output} -> {prefix}{source}"
            ' [style=dashed, constraint=false, color="#d55e00"];'
            for output, source in picture.recurrences
        ),
        f"{{ rank=source; {_names(sources, prefix)} }}",
        f"{{ rank=sink; {_names(picture.outputs, prefix)} }}",
    ]


def quoted(text: str) -> str:
    """A DOT string that shows exactly this text.

    Backslashes and ampersands too: DOT reads its own escapes and HTML entities in labels.
    """
    shown = "".join(character if character.isprintable() else "�" for character in text)
    for character, escaped in (("&", "&amp;"), ("\\", "\\\\"), ('"', '\\"')):
        shown = shown.replace(character, escaped)
    return f'"{shown}"'


def _attributes(figure: Figure) -> str:
    rows = figure.rows if figure.kind is Kind.PRODUCT else figure.rows[:1]
    label = " + ".join(map(_plain, rows))
    if figure.has_row_per_argument and figure.kind is not Kind.PRODUCT:
        label = figure.operator
    if figure.footer:
        label += f" ({figure.footer})"
    name = f", xlabel={quoted(figure.name.unicode())}" if figure.name is not None else ""
    return f"label={quoted(label)}{name}, {_STYLES[figure.kind]}"


def _edges(picture: Diagram, prefix: str) -> list[str]:
    """Edges, with the role of the argument where the order of arguments matters."""
    lines = []
    for edge in picture.edges:
        target = picture.figures[edge.target]
        role = ""
        if target.has_row_per_argument and target.kind is not Kind.PRODUCT:
            role = f" [headlabel={quoted(_plain(target.rows[edge.argument]))}]"
        lines.append(f"{prefix}{edge.source} -> {prefix}{edge.target}{role};")
    return lines


def _plain(text: Text) -> str:
    return "".join(part.unicode() if isinstance(part, Symbol) else part for part in text)


def _names(figures: Iterable[int], prefix: str) -> str:
    return " ".join(f"{prefix}{figure};" for figure in figures)
