"""The tree genome of genetic programming: leaves, unary and binary elements, fed memories.

    Mult ── Sigmoid ── linear
       └─── Tanh ───── Add ── c          with c fed from Add: c_t = Add(c_tm1, …)
                          └── linear

`linear` stands for Linear(x_t, h_tm1) with weights of its own; `c`, `d`, … are memories. Depth here
counts edges: a single leaf has height 0 (the convention of genetic programming).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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


LINEAR = "linear"
# Names inside a genome; the cell names its memories again, in order of use.
MEMORY_NAMES = ("c", "d", "e", "f", "g", "i", "j", "k")

# The way from the root to a node: the index of the child to take at each level.
Path = tuple[int, ...]


def place_text(path: Path) -> str:
    """The place in words."""
    return f"node {list(path)}" if path else "the root"


@dataclass(frozen=True, slots=True)
class Tree:
    """An element and its arguments; a leaf has none."""

    element: str
    children: tuple["Tree", ...] = ()
    shape: Shape = field(init=False, repr=False, compare=False)
    memories: tuple[str, ...] = field(init=False, repr=False, compare=False)  # in use, sorted

    def __post_init__(self) -> None:
        names = {name for child in self.children for name in child.memories}
        if not self.children and self.element != LINEAR:
            names.add(self.element)
        object.__setattr__(self, "shape", shape_over([child.shape for child in self.children]))
        object.__setattr__(self, "memories", tuple(sorted(names)))

    @property
    def height(self) -> int:
        """Edges on the longest way down."""
        return self.shape.depth - 1

    @property
    def num_nodes(self) -> int:
        return self.shape.size

    def walk(self) -> Iterator[tuple[Path, "Tree"]]:
        """Every node with its path, in preorder."""
        waiting: list[tuple[Path, Tree]] = [((), self)]
        while waiting:
            path, node = waiting.pop()
            yield path, node
            for index in reversed(range(len(node.children))):
                waiting.append(((*path, index), node.children[index]))

    def at(self, path: Path) -> "Tree":
        """The subtree at the end of the path."""
        node = self
        for index in path:
            node = node.children[index]
        return node

    def has(self, path: Path) -> bool:
        """Whether the path ends inside the tree."""
        node = self
        for index in path:
            if not 0 <= index < len(node.children):
                return False
            node = node.children[index]
        return True

    def replaced(self, path: Path, subtree: "Tree") -> "Tree":
        """A copy with another subtree at the end of the path."""
        if not path:
            return subtree
        children = list(self.children)
        children[path[0]] = children[path[0]].replaced(path[1:], subtree)
        return Tree(self.element, tuple(children))


@dataclass(frozen=True, slots=True)
class TreeGenome:
    """A tree that gives h_t, and for each memory the path of the node that feeds it.

    The edits below move the feeds along with the nodes that they point to. An edit that removes a
    fed node, or brings in a new memory, leaves that memory unfed; the space then feeds it.
    """

    tree: Tree
    feeds: tuple[tuple[str, Path], ...] = ()  # sorted by name

    @classmethod
    def of(cls, tree: Tree, feeds: Mapping[str, Path]) -> "TreeGenome":
        """With the feeds of those memories that the tree uses."""
        return cls(tree, tuple((name, feeds[name]) for name in tree.memories if name in feeds))

    def with_subtree(self, path: Path, subtree: Tree) -> "TreeGenome":
        """The subtree at the path exchanged; what was fed from inside the old one becomes unfed."""
        kept = {
            name: feed for name, feed in self.feeds if feed == path or feed[: len(path)] != path
        }
        return TreeGenome.of(self.tree.replaced(path, subtree), kept)

    def with_element(self, path: Path, element: str) -> "TreeGenome":
        """Another element at the path over the same arguments."""
        node = Tree(element, self.tree.at(path).children)
        return TreeGenome.of(self.tree.replaced(path, node), dict(self.feeds))

    def with_branch(
        self, path: Path, element: str, siblings: tuple[Tree, ...], position: int
    ) -> "TreeGenome":
        """A new element at the path: its arguments are the siblings and, at `position`, the old
        subtree."""
        children = (*siblings[:position], self.tree.at(path), *siblings[position:])
        moved = {
            name: (*path, position, *feed[len(path) :]) if feed[: len(path)] == path else feed
            for name, feed in self.feeds
        }
        return TreeGenome.of(self.tree.replaced(path, Tree(element, children)), moved)

    def without_branch(self, path: Path, argument: int) -> "TreeGenome":
        """The element at the path replaced by one of its arguments."""
        inside = (*path, argument)
        moved = {}
        for name, feed in self.feeds:
            if feed[: len(inside)] == inside:
                moved[name] = path + feed[len(inside) :]
            elif feed[: len(path)] != path:
                moved[name] = feed
        return TreeGenome.of(self.tree.replaced(path, self.tree.at(inside)), moved)

    def with_feed(self, memory: str, path: Path) -> "TreeGenome":
        """The memory fed from the node at the path."""
        return TreeGenome.of(self.tree, {**dict(self.feeds), memory: path})
