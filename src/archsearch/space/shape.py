"""The form of a tree without its elements and without the order of its branches."""

from collections.abc import Sequence
from itertools import count
from weakref import WeakValueDictionary


class Shape:
    """The form of a tree: equal for all rotations, and then one and the same object.

    `depth` counts levels, the root's included; `size` counts nodes and may be astronomically
    large, because the trees of cells with shared nodes are never unfolded.
    """

    __slots__ = ("__weakref__", "children", "depth", "serial", "size")

    def __init__(self, children: tuple["Shape", ...], serial: int) -> None:
        self.children = children
        self.serial = serial
        self.size: int = 1 + sum(child.size for child in children)
        self.depth: int = 1 + max((child.depth for child in children), default=0)


_shapes: WeakValueDictionary[tuple[int, ...], Shape] = WeakValueDictionary()
_serials = count(1)


def shape_over(children: Sequence[Shape]) -> Shape:
    """The shape of a node with these arguments, in whatever order; a leaf has none."""
    ordered = tuple(sorted(children, key=lambda child: child.serial))
    key = tuple(child.serial for child in ordered)
    shape = _shapes.get(key)
    if shape is None:
        shape = _shapes[key] = Shape(ordered, next(_serials))
    return shape
