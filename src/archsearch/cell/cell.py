"""What a cell is: one step of a recurrence as a canonical graph of operators over sources."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from archsearch.cell import printer
from archsearch.cell.canonical import Form, canonical_form, node_heights
from archsearch.cell.drawable import Drawable
from archsearch.cell.labels import clean_labels
from archsearch.cell.node import X_SOURCES, Node
from archsearch.cell.validation import check_graph

__all__ = ["Cell", "Node"]

_KEY_VERSION = "archsearch cell 1"


@dataclass(frozen=True, init=False, repr=False, slots=True)
class Cell(Drawable):
    """One step of a recurrence: a graph of operators over sources that gives the next states.

    Always in canonical form: cells that compute the same by the same graph are equal and have the
    same key, whatever spelling they came from. Made by `parse`, `from_recipe` or `Cell.build`.

    nodes: in topological order; sources are nodes too.
    outputs: the node that gives each state its next value: ("h", i) first, then the memories.
    labels: the author's name of each node, if any; for printing only, no part of equality or key.
    key: 16 hexadecimal digits that name the cell, the same in every process and version.
    """

    nodes: tuple[Node, ...]
    outputs: tuple[tuple[str, int], ...]
    labels: tuple[str | None, ...] = field(compare=False)
    key: str = field(compare=False)

    def __init__(self) -> None:
        raise TypeError("a Cell is made by parse(text), from_recipe(recipe) or Cell.build(…)")

    @classmethod
    def build(
        cls,
        nodes: Sequence[Node],
        outputs: Sequence[tuple[str, int]],
        labels: Sequence[str | None] | None = None,
        *,
        fold_linears: bool = False,
    ) -> "Cell":
        """The canonical cell of a graph given in any topological order.

        Nodes that no state needs are dropped, as are memories that h_t never reads, unless weights
        hang on them alone; weight-free nodes and memories that are always equal merge. A label
        that is no name, or taken, is replaced or dropped.

        fold_linears: whether sums of Linears become one (linear_folding.py), as search spaces want.
        Raises CellError if the graph is no valid cell or exceeds a limit (limits.py).
        """
        nodes, outputs = tuple(nodes), tuple(outputs)
        check_graph(nodes, outputs)
        form = canonical_form(nodes, outputs, fold=fold_linears)
        cell = object.__new__(cls)
        object.__setattr__(cell, "nodes", form.nodes)
        object.__setattr__(cell, "outputs", form.outputs)
        object.__setattr__(cell, "labels", clean_labels(form, labels, len(nodes)))
        object.__setattr__(cell, "key", _key_of(form))
        return cell

    def __hash__(self) -> int:
        return hash(self.key)

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Cell.build, (self.nodes, self.outputs, self.labels)

    def __str__(self) -> str:
        return printer.to_text(self.nodes, self.outputs, self.labels)

    def __repr__(self) -> str:
        return f"parse({str(self)!r})"

    @property
    def memories(self) -> tuple[str, ...]:
        """The states beside h, in order of use: ("c", "d", …)."""
        return tuple(name for name, _ in self.outputs[1:])

    @property
    def num_nodes(self) -> int:
        """Distinct nodes, sources included."""
        return len(self.nodes)

    @property
    def height(self) -> int:
        """Operators on the longest path within one step."""
        return max(node_heights(self.nodes))

    @property
    def linears(self) -> tuple[int, ...]:
        """Indices of the Linear nodes, in canonical order."""
        return tuple(i for i, node in enumerate(self.nodes) if node.op == "Linear")

    @property
    def elementwise_sources(self) -> tuple[str, ...]:
        """The x sources used outside a Linear: there x must be as wide as the hidden state."""
        used = {self.nodes[index].op for _, index in self.outputs}
        for node in self.nodes:
            if node.op != "Linear":
                used.update(self.nodes[arg].op for arg in node.args)
        return tuple(source for source in X_SOURCES if source in used)

    def with_linear_sources(self) -> "Cell":
        """This cell with each x source that is used outside a Linear sent through one of its own.

        Needed where input and hidden width differ. Returns the cell itself where there is none.
        """
        if not self.elementwise_sources:
            return self
        nodes: list[Node] = []
        labels: list[str | None] = []
        place: list[int] = []  # index here -> index there
        mapped: dict[int, int] = {}  # an x source there -> its Linear there
        for node, label in zip(self.nodes, self.labels, strict=True):
            if node.op == "Linear":
                args = [place[arg] for arg in node.args]
            else:
                args = [mapped.get(place[arg], place[arg]) for arg in node.args]
            place.append(len(nodes))
            nodes.append(Node(node.op, tuple(args), node.bias))
            labels.append(label)
            if node.op in X_SOURCES:
                mapped[place[-1]] = len(nodes)
                nodes.append(Node("Linear", (place[-1],)))
                labels.append(None)
        outputs = [(name, mapped.get(place[i], place[i])) for name, i in self.outputs]
        return Cell.build(nodes, outputs, labels)

    def with_folded_linears(self) -> "Cell":
        """This cell with each sum of Linears as one Linear: the same class of functions."""
        return Cell.build(self.nodes, self.outputs, self.labels, fold_linears=True)


def _key_of(form: Form) -> str:
    lines = [_KEY_VERSION]
    for node in form.nodes:
        lines.append(f"{node.op} {node.args} {node.bias!r}")
    lines.extend(f"{name} {index}" for name, index in form.outputs)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
