"""What a drawing shows, whatever it is of and whatever draws it: figures, edges and recurrences."""

from dataclasses import dataclass

from archsearch.drawing.notation import Symbol

# Words and symbols that stand in one line.
Text = tuple[str | Symbol, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a figure stands for, and how it looks.

    Colours are Okabe & Ito's, which colour-blind readers tell apart; shape says the same again.

    legend: its entry there. wire: the colour of the wires that leave it. corner: radius.
    shape: Graphviz's.
    """

    name: str
    legend: str
    fill: str
    stroke: str
    wire: str
    corner: float = 6
    shape: str = "box"


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing to draw. `rows` has one text for each argument, or texts for all of them.

    label: all of it on one line, for DOT.
    is_round: as high as wide, if its text is short.
    """

    kind: Kind
    rows: tuple[Text, ...]
    label: str
    num_arguments: int
    has_row_per_argument: bool = False
    is_round: bool = False
    name: Symbol | None = None  # its name in the equations, where no row says it
    footer: str = ""
    tooltip: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """From figure to figure, as that one's argument number `argument`.

    role: what it is to a target whose label does not say it, in DOT.
    """

    source: int
    target: int
    argument: int
    role: str = ""


@dataclass(frozen=True, slots=True)
class Diagram:
    """Figures in topological order, from left to right; outputs stand on the right.

    recurrences: (output figure, the source that it becomes in the next time step).
    """

    title: str
    description: str
    figures: tuple[Figure, ...]
    edges: tuple[Edge, ...]
    outputs: tuple[int, ...]
    recurrences: tuple[tuple[int, int], ...] = ()


def plain(text: Text) -> str:
    """On one line, without italics and indices."""
    return "".join(part.unicode() if isinstance(part, Symbol) else part for part in text)
