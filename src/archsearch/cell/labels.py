"""The author's names for nodes: kept for printing where they are usable names."""

from collections.abc import Sequence

from archsearch.cell.canonical import Form
from archsearch.cell.errors import CellError
from archsearch.cell.limits import MAX_LABEL_LENGTH
from archsearch.cell.node import NAME, PREVIOUS
from archsearch.cell.operators import OPERATORS

ALIASES = {"MM": "Linear"}


def clean_labels(
    form: Form, labels: Sequence[str | None] | None, num_given: int
) -> tuple[str | None, ...]:
    """A label for each canonical node: unique names that the language can define, or None.

    Sources and outputs have names of their own, hence no label. Of two equal labels the second
    gets a number; of merged nodes the first label counts.
    """
    if labels is None:
        return (None,) * len(form.nodes)
    if len(labels) != num_given:
        raise CellError(f"labels: expected one for each of {num_given} nodes, got {len(labels)}")
    outputs = {index for _, index in form.outputs}
    given = [
        None
        if index in outputs or not node.args
        else next((label for i in form.origins[index] if is_definable(label := labels[i])), None)
        for index, node in enumerate(form.nodes)
    ]
    taken = set(given)
    used: set[str] = set()
    result: list[str | None] = []
    for label in given:
        if label is not None:
            if label in used:
                label = free_name(label[: MAX_LABEL_LENGTH - 6] + "_", taken)
                taken.add(label)
            used.add(label)
        result.append(label)
    return tuple(result)


def is_definable(name: object) -> bool:
    """Whether a statement `name = …` would name a node, and no state, source or operator."""
    return (
        isinstance(name, str)
        and len(name) <= MAX_LABEL_LENGTH
        and NAME.fullmatch(name) is not None
        and not name.endswith(("_t", PREVIOUS))
        and name not in OPERATORS
        and name not in ALIASES
    )


def free_name(stem: str, taken: set[str | None] | set[str]) -> str:
    """The first of stem1, stem2, … that is not taken."""
    number = 1
    while f"{stem}{number}" in taken:
        number += 1
    return f"{stem}{number}"
