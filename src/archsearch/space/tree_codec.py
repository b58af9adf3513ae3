"""Trees of GP-NEAT as cells and as JSON, and back."""

import reprlib
from typing import Any

from archsearch.cell import Cell, Node
from archsearch.space.space import GenomeError
from archsearch.space.tree import LINEAR, Path, Tree, TreeGenome, place_text

# Decodes to the same as one leaf does.
SUM_OF_LEAVES = Tree("Add", (Tree(LINEAR), Tree(LINEAR)))


def to_cell(genome: TreeGenome) -> Cell:
    """A node for each element; the sums of Linears among them are folded."""
    nodes = [Node("x_t"), Node("h_tm1")]
    places: dict[Path, int] = {}
    for path, node in sorted(genome.tree.walk(), key=lambda item: -len(item[0])):
        if node.element == LINEAR:
            args: tuple[int, ...] = (0, 1)
            op = "Linear"
        else:
            args = tuple(places[(*path, index)] for index in range(len(node.children)))
            op = node.element if node.children else f"{node.element}_tm1"
        places[path] = len(nodes)
        nodes.append(Node(op, args))
    outputs = [("h", places[()]), *((name, places[path]) for name, path in genome.feeds)]
    return Cell.build(nodes, outputs, fold_linears=True)


class _Inexpressible(Exception):
    """A cell with something that no tree has."""


def unfolded(cell: Cell, max_height: int) -> TreeGenome | None:
    """The cell with each shared node that is not a leaf as a subtree of its own; None where it has
    something that no tree has, or is higher."""
    try:
        return _unfolded(cell, max_height)
    except _Inexpressible:
        return None


def _unfolded(cell: Cell, max_height: int) -> TreeGenome:
    outputs = dict(cell.outputs)
    fed = {outputs[name] for name in cell.memories}
    paths: dict[int, Path] = {}  # the first place of a node in the tree

    def tree(index: int, path: Path) -> Tree:
        node = cell.nodes[index]
        paths.setdefault(index, path)
        if node.op == "Linear":
            if [cell.nodes[arg].op for arg in node.args] != ["x_t", "h_tm1"] or node.bias:
                raise _Inexpressible
            return SUM_OF_LEAVES if index in fed else Tree(LINEAR)
        if node.is_source:
            if node.state in (None, "h"):
                raise _Inexpressible
            return Tree(str(node.state))
        if len(path) >= max_height:
            raise _Inexpressible
        return Tree(node.op, tuple(tree(a, (*path, i)) for i, a in enumerate(node.args)))

    root = tree(outputs["h"], ())
    feeds = {name: paths[outputs[name]] for name in cell.memories if outputs[name] in paths}
    return TreeGenome.of(root, feeds)


def raised(genome: TreeGenome, min_height: int) -> TreeGenome:
    """The genome with sums of leaves for its lowest linear leaf, until it has the height."""
    while genome.tree.height < min_height:
        leaves = [path for path, node in genome.tree.walk() if node.element == LINEAR]
        if not leaves:
            break
        genome = genome.with_subtree(max(leaves, key=len), SUM_OF_LEAVES)
    return genome


def to_json(genome: TreeGenome) -> Any:
    """{"tree": ["Tanh", ["Add", "linear", "c"]], "feeds": {"c": [0]}}"""
    return {
        "tree": _tree_to_json(genome.tree),
        "feeds": {name: list(path) for name, path in genome.feeds},
    }


def _tree_to_json(tree: Tree) -> Any:
    if not tree.children:
        return tree.element
    return [tree.element, *(_tree_to_json(child) for child in tree.children)]


def from_json(data: Any, max_height: int) -> TreeGenome:
    """GenomeError for what is none, or higher than that; no other rule is checked."""
    if not isinstance(data, dict) or set(data) != {"tree", "feeds"}:
        raise GenomeError(f'expected an object with "tree" and "feeds", got {reprlib.repr(data)}')
    tree = _tree_from_json(data["tree"], (), max_height)
    feeds = data["feeds"]
    if not isinstance(feeds, dict) or not all(
        isinstance(name, str) and _is_path(path) for name, path in feeds.items()
    ):
        raise GenomeError(
            f'expected "feeds" as lists of child numbers by memory, got {reprlib.repr(feeds)}'
        )
    return TreeGenome(tree, tuple(sorted((name, tuple(path)) for name, path in feeds.items())))


def _tree_from_json(data: Any, path: Path, max_height: int) -> Tree:
    if len(path) > max_height:
        raise GenomeError(f"expected a height of at most {max_height}, got more")
    if isinstance(data, str):
        return Tree(data)
    if not isinstance(data, list) or len(data) < 2 or not isinstance(data[0], str):
        raise GenomeError(
            f"expected a leaf's name or [element, arguments…] at {place_text(path)}, "
            f"got {reprlib.repr(data)}"
        )
    children = (
        _tree_from_json(child, (*path, index), max_height) for index, child in enumerate(data[1:])
    )
    return Tree(data[0], tuple(children))


def _is_path(data: Any) -> bool:
    return isinstance(data, list) and all(type(index) is int for index in data)
