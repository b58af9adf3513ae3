"""A cell as text that reads back as the same cell."""

from collections.abc import Sequence

from archsearch.cell.limits import MAX_TEXT_LENGTH
from archsearch.cell.node import Node

LINE_LENGTH = 100

# Stands for a name that is still to be given, and is as long as the longest: n1 … n2000.
_UNNAMED = "n????"


Outputs = Sequence[tuple[str, int]]


def to_text(nodes: Sequence[Node], outputs: Outputs, labels: Sequence[str | None]) -> str:
    """Statements for labelled and shared nodes and for states; the rest is nested in them.

    On one line if it fits. A longer expression is cut into statements with names of their own.
    """
    text = _text(nodes, outputs, labels)
    if len(text) > MAX_TEXT_LENGTH:  # long labels; n1, n2, … always fit
        text = _text(nodes, outputs, (None,) * len(nodes))
    return text


def _text(nodes: Sequence[Node], outputs: Outputs, labels: Sequence[str | None]) -> str:
    names = _statement_names(nodes, outputs, labels)
    statements = []
    written: list[str] = []
    for node, name in zip(nodes, names, strict=True):
        expression = _expression(node, written)
        if name is not None:
            statements.append(f"{name} = {expression}")
        written.append(name or expression)
    for state, index in outputs:
        if not nodes[index].args:
            statements.append(f"{state}_t = {nodes[index].op}")
    line = "; ".join(statements)
    return line if len(line) <= LINE_LENGTH else ";\n".join(statements)


def _statement_names(
    nodes: Sequence[Node], outputs: Outputs, labels: Sequence[str | None]
) -> list[str | None]:
    """The name of each node that gets a statement of its own."""
    names: list[str | None] = list(labels)
    uses = [0] * len(nodes)
    for node in nodes:
        for arg in node.args:
            uses[arg] += 1
    for index, node in enumerate(nodes):
        if uses[index] > 1 and node.args and names[index] is None:
            names[index] = _UNNAMED
    for state, index in outputs:
        if nodes[index].args:
            names[index] = f"{state}_t"
    _cut_long_expressions(nodes, names)
    taken = set(names)
    number = 0
    for index, name in enumerate(names):
        if name == _UNNAMED:
            number += 1
            while f"n{number}" in taken:
                number += 1
            names[index] = f"n{number}"
    return names


def _cut_long_expressions(nodes: Sequence[Node], names: list[str | None]) -> None:
    """Give the longest nested arguments statements of their own until every line fits."""
    written: list[str] = []
    for node, name in zip(nodes, names, strict=True):
        room = LINE_LENGTH - len(f"{name or _UNNAMED} = ;")
        while len(_expression(node, written)) > room:
            longest = max(node.args, key=lambda arg: len(written[arg]))
            if "(" not in written[longest]:
                break
            names[longest] = written[longest] = _UNNAMED
        written.append(name or _expression(node, written))


def _expression(node: Node, written: list[str]) -> str:
    if not node.args:
        return node.op
    parts = [written[arg] for arg in node.args]
    if node.bias:
        parts.append(f"bias={node.bias!r}".removesuffix(".0"))
    return f"{node.op}({', '.join(parts)})"
