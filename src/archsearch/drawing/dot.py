"""A diagram as text in Graphviz's DOT language."""

from collections.abc import Iterable

from archsearch.drawing.diagram import Diagram, Figure

_DEFAULTS = (
    "rankdir=LR;",
    'node [fontname="Helvetica", fontsize=12, margin="0.08,0.04", width=0.4, height=0.4];',
    'edge [fontname="Helvetica", fontsize=10, color="#555555", arrowsize=0.7];',
)


def to_dot(picture: Diagram) -> str:
    """A digraph from left to right: n0, n1, … are the figures, in order.

    Dashed edges lead from a new state to the same state one step earlier.
    """
    return digraph(picture.title, statements(picture))


def digraph(name: str, body: Iterable[str]) -> str:
    """A whole document of these statements."""
    lines = [*_DEFAULTS, *body]
    return "\n".join([f'digraph "{name}" {{', *(f"  {line}" for line in lines), "}"]) + "\n"


def statements(picture: Diagram, prefix: str = "n") -> list[str]:
    """Figures, edges and ranks; figures are called by the prefix and their number."""
    figures = picture.figures
    sources = [i for i, figure in enumerate(figures) if figure.num_arguments == 0]
    roles = (f' [headlabel="{edge.role}"]' if edge.role else "" for edge in picture.edges)
    return [
        *(f"{prefix}{i} [{_attributes(figure)}];" for i, figure in enumerate(figures)),
        *(
            f"{prefix}{edge.source} -> {prefix}{edge.target}{role};"
            for edge, role in zip(picture.edges, roles, strict=True)
        ),
        *(
            f"{prefix}{output} -> {prefix}{source}"
            ' [style=dashed, constraint=false, color="#d55e00"];'
            for output, source in picture.recurrences
        ),
        f"{{ rank=source; {_names(sources, prefix)} }}",
        f"{{ rank=sink; {_names(picture.outputs, prefix)} }}",
    ]


def _attributes(figure: Figure) -> str:
    kind = figure.kind
    name = f', xlabel="{figure.name.unicode()}"' if figure.name is not None else ""
    style = '"rounded,filled"' if kind.shape == "box" and kind.corner else "filled"
    return (
        f'label="{figure.label}"{name}, shape={kind.shape}, style={style},'
        f' fillcolor="{kind.fill}", color="{kind.stroke}"'
    )


def _names(figures: Iterable[int], prefix: str) -> str:
    return " ".join(f"{prefix}{figure};" for figure in figures)
