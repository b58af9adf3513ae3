"""The space of GP-NEAT: trees over linear combinations of x_t and h_{t−1} and over memories.

Rawal & Miikkulainen 2018, section A.3 and figure 1. The elements are those of the space that the
paper shares with NAS (section 4): additions and products, tanh, sigmoid and ReLU (Zoph & Le 2016,
section 4.2). NAS's fourth activation, the identity, is here the absence of an element.
"""

import random
import reprlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from archsearch.architecture import Architecture
from archsearch.cell import Cell, Node
from archsearch.space import tree_rules
from archsearch.space.parameters import require
from archsearch.space.space import GenomeError, Rejection, first_broken
from archsearch.space.tree import LINEAR, MEMORY_NAMES, Path, Tree, TreeGenome, place_text
from archsearch.space.tree_grammar import START_LEAVES, TreeGrammar
from archsearch.space.variation.trees import insert, replace, shrink

SAMPLE_LEAVES = (START_LEAVES // 2, 2 * START_LEAVES)  # of drawn trees, uniformly
SAMPLE_ATTEMPTS = 1000


class GPTreeSpace(TreeGrammar):
    """Trees of `unary` and `binary` elements over `linear` leaves and memories.

    Heights count the edges from the root to the lowest leaf; in the cell's text each linear leaf
    adds one more level. `memory_leaf_rate` is the chance that a drawn leaf is a memory.
    """

    def __init__(
        self,
        unary: Sequence[str] = ("Tanh", "Sigmoid", "ReLU"),
        binary: Sequence[str] = ("Add", "Mult"),
        min_height: int = 6,
        max_height: int = 15,
        max_memories: int = 4,
        memory_leaf_rate: float = 0.25,
    ) -> None:
        super().__init__(unary, binary, max_memories, memory_leaf_rate)
        require("max_height", max_height, 6, 100, integer=True)
        require("min_height", min_height, 1, 6, integer=True)
        self.min_height = min_height
        self.max_height = max_height
        leaves = (LINEAR, *MEMORY_NAMES[:max_memories])
        self._rules: dict[str, Callable[[TreeGenome], str | None]] = {
            "elements": partial(tree_rules.elements, by_arity=(leaves, self.unary, self.binary)),
            "size": tree_rules.size,
            "height": partial(tree_rules.height, low=min_height, high=max_height),
            "consecutive non-linearities": tree_rules.consecutive_nonlinearities,
            "inputs": tree_rules.inputs,
            "memory feeds": tree_rules.memory_feeds,
            "zero signal": tree_rules.zero_signal,
        }

    def start(self, rng: random.Random) -> TreeGenome:
        """The simple fully connected tree that evolution starts from (section A.3), height six.

        Three levels of a combination under a non-linearity join its leaves, one of them a memory.
        The form is always the same, so that the start is one species, as in NEAT; elements, the
        memory's place and the node that feeds it are drawn. The paper gives no more than the name
        and the height.
        """
        for _ in range(SAMPLE_ATTEMPTS):
            genome = self.draw_start(rng)
            if self.check(genome) is None:
                return genome
        raise GenomeError(
            f"no valid start tree in {SAMPLE_ATTEMPTS} draws from {self.unary} and {self.binary}: "
            "allow more elements"
        )

    def sample(self, rng: random.Random) -> TreeGenome:
        """A random tree of half to double the leaves of the start tree."""
        for _ in range(SAMPLE_ATTEMPTS):
            tree = self.draw_tree(rng.randint(*SAMPLE_LEAVES), rng)
            genome = self.fed(TreeGenome(tree), rng)
            if self.check(genome) is None:
                return genome
        return self.start(rng)

    def mutate(self, genome: TreeGenome, rng: random.Random) -> TreeGenome:
        """One of the three mutations of section 2.1, drawn; the others where it finds nothing."""
        for mutation in rng.sample((insert, replace, shrink), 3):
            if (mutated := mutation(genome, self, rng)) is not None:
                return mutated
        return genome

    def check(self, genome: TreeGenome) -> Rejection | None:
        return first_broken(genome, self._rules)

    def decode(self, genome: TreeGenome) -> Cell:
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

    def encode(self, architecture: Architecture) -> TreeGenome | None:
        """A cell in which a shared node holds weights is none of this space: in a tree they would
        be two. Where the tree must be higher, or a memory is fed from a leaf, a sum of leaves
        stands for the leaf.
        """
        if not isinstance(architecture, Cell):
            return None
        cell = architecture.with_folded_linears()
        try:
            genome = _unfolded(cell, self.max_height)
        except _Inexpressible:
            return None
        return self.expressing(_raised(genome, self.min_height), cell)

    def to_json(self, genome: TreeGenome) -> Any:
        """{"tree": ["Tanh", ["Add", "linear", "c"]], "feeds": {"c": [0]}}"""
        return {
            "tree": _tree_to_json(genome.tree),
            "feeds": {name: list(path) for name, path in genome.feeds},
        }

    def from_json(self, data: Any) -> TreeGenome:
        if not isinstance(data, dict) or set(data) != {"tree", "feeds"}:
            got = reprlib.repr(data)
            raise GenomeError(f'expected an object with "tree" and "feeds", got {got}')
        tree, feeds = _tree_from_json(data["tree"], (), self.max_height), data["feeds"]
        if not isinstance(feeds, dict) or not all(
            isinstance(name, str) and _is_path(path) for name, path in feeds.items()
        ):
            raise GenomeError(
                f'expected "feeds" as lists of child numbers by memory, got {reprlib.repr(feeds)}'
            )
        paths = sorted((name, tuple(path)) for name, path in feeds.items())
        return self.accepted(TreeGenome(tree, tuple(paths)))


# Decodes to the same as one leaf does.
_SUM_OF_LEAVES = Tree("Add", (Tree(LINEAR), Tree(LINEAR)))


class _Inexpressible(Exception):
    """A cell with something that no tree has."""


def _unfolded(cell: Cell, max_height: int) -> TreeGenome:
    """The cell with each shared node that is not a leaf as a subtree of its own; _Inexpressible
    where it has something that no tree has, or is higher."""
    outputs = dict(cell.outputs)
    fed = {outputs[name] for name in cell.memories}
    paths: dict[int, Path] = {}  # the first place of a node in the tree

    def tree(index: int, path: Path) -> Tree:
        node = cell.nodes[index]
        paths.setdefault(index, path)
        if node.op == "Linear":
            if [cell.nodes[arg].op for arg in node.args] != ["x_t", "h_tm1"] or node.bias:
                raise _Inexpressible
            return _SUM_OF_LEAVES if index in fed else Tree(LINEAR)
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


def _raised(genome: TreeGenome, min_height: int) -> TreeGenome:
    """The genome with sums of leaves for its lowest linear leaf, until it has the height."""
    while genome.tree.height < min_height:
        leaves = [path for path, node in genome.tree.walk() if node.element == LINEAR]
        if not leaves:
            break
        genome = genome.with_subtree(max(leaves, key=len), _SUM_OF_LEAVES)
    return genome


def _tree_to_json(tree: Tree) -> Any:
    if not tree.children:
        return tree.element
    return [tree.element, *(_tree_to_json(child) for child in tree.children)]


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
