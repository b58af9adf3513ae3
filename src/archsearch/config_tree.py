"""Configurations as trees of mappings, and their values by dotted paths."""

from collections.abc import Iterator, Mapping
from typing import Any

ABSENT = object()  # what a tree says of a key that it does not have


def walk(tree: Mapping[Any, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with its path, mappings among them, each before what is in it."""
    for key, value in tree.items():
        inner = f"{path}.{key}" if path else str(key)
        yield inner, value
        if isinstance(value, Mapping):
            yield from walk(value, inner)


def leaves(tree: Mapping[Any, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """The same but for the mappings."""
    return ((inner, value) for inner, value in walk(tree, path) if not isinstance(value, Mapping))


def value_at(tree: Any, path: str) -> Any:
    """The value there; None where there is none."""
    for part in path.split("."):
        tree = tree.get(part) if isinstance(tree, Mapping) else None
    return tree


def side_by_side(one: Any, other: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Each place of the first tree, as deep as both have mappings, with what both say there."""
    if not (isinstance(one, Mapping) and isinstance(other, Mapping)):
        yield path, one, other
        return
    for key in one:
        yield from side_by_side(one[key], other.get(key, ABSENT), f"{path}.{key}")
