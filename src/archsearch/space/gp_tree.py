"""The space of GP-NEAT: trees over linear combinations of x_t and h_{t−1} and over memories.

Rawal & Miikkulainen 2018, section A.3 and figure 1. The elements are those of the space that the
paper shares with NAS (section 4): additions and products, tanh, sigmoid and ReLU (Zoph & Le 2016,
section 4.2). NAS's fourth activation, the identity, is here the absence of an element.
"""

import random
import reprlib
from collections.abc import Callable, Sequence
from typing import Any

from archsearch.architecture import Architecture
from archsearch.cell import MAX_NODES, OPERATORS, Cell, Node
from archsearch.space.parameters import require
from archsearch.space.space import GenomeError, Rejection
from archsearch.space.tree import LINEAR, MEMORY_NAMES, Path, Tree, TreeGenome
from archsearch.space.tree_grammar import TreeGrammar, is_feed_point
from archsearch.space.variation.insert import insert
from archsearch.space.variation.replace import replace
from archsearch.space.variation.shrink import shrink
from archsearch.space.zero_signal import ZERO_OF_ALL, ZERO_OF_ANY

# Trees of `sample` have so many leaves, drawn uniformly: half to double those of the start tree,
# whose 8 are NAS's "base number".
START_LEAVES = 8
SAMPLE_LEAVES = (4, 16)
SAMPLE_ATTEMPTS = 1000

# Decodes to the same as one leaf does.
SUM_OF_LEAVES = Tree("Add", (Tree(LINEAR), Tree(LINEAR)))


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
        self.unary = _elements("unary", unary, 1)
        self.binary = _elements("binary", binary, 2)
        require("max_height", max_height, 6, 100, integer=True)
        require("min_height", min_height, 1, 6, integer=True)
        require("max_memories", max_memories, 0, len(MEMORY_NAMES), integer=True)
        require("memory_leaf_rate", memory_leaf_rate, 0, 1)
        self.min_height = min_height
        self.max_height = max_height
        self.max_memories = max_memories
        self.memory_leaf_rate = memory_leaf_rate
        self._rules: dict[str, Callable[[TreeGenome], str | None]] = {
            "elements": self._check_elements,
            "size": self._check_size,
            "height": self._check_height,
            "consecutive non-linearities": self._check_consecutive,
            "inputs": self._check_inputs,
            "memory feeds": self._check_feeds,
            "zero signal": self._check_zero,
        }

    # --- drawing ---

    def start(self, rng: random.Random) -> TreeGenome:
        """The simple fully connected tree that evolution starts from (section A.3), height six.

        Three levels of a combination under a non-linearity join 8 leaves, one of them a memory.
        The form is always the same, so that the start is one species, as in NEAT; elements, the
        memory's place and the node that feeds it are drawn. The paper gives no more than the name
        and the height.
        """
        for _ in range(SAMPLE_ATTEMPTS):
            genome = self._draw_start(rng)
            if self.check(genome) is None:
                return genome
        raise GenomeError(
            f"no valid start tree in {SAMPLE_ATTEMPTS} draws from {self.unary} and {self.binary}: "
            "allow more elements"
        )

    def _draw_start(self, rng: random.Random) -> TreeGenome:
        leaves = [Tree(LINEAR)] * START_LEAVES
        if self.max_memories:
            leaves[rng.randrange(START_LEAVES)] = Tree(MEMORY_NAMES[0])
        level = leaves
        while len(level) > 1:
            level = [
                Tree(rng.choice(self.unary), (Tree(rng.choice(self.binary), (a, b)),))
                for a, b in zip(level[::2], level[1::2], strict=True)
            ]
        return self.fed(TreeGenome(level[0]), rng)

    def sample(self, rng: random.Random) -> TreeGenome:
        """A random tree of 4 to 16 leaves: each combination splits its leaves at random, and half
        of the places where a non-linearity may stand get one."""
        for _ in range(SAMPLE_ATTEMPTS):
            tree = self._draw_tree(rng.randint(*SAMPLE_LEAVES), rng, bare=False)
            genome = self.fed(TreeGenome(tree), rng)
            if self.check(genome) is None:
                return genome
        return self.start(rng)

    def _draw_tree(self, num_leaves: int, rng: random.Random, *, bare: bool) -> Tree:
        if not bare and rng.random() < 0.5:
            return Tree(rng.choice(self.unary), (self._draw_tree(num_leaves, rng, bare=True),))
        if num_leaves == 1:
            return self.draw_leaf(MEMORY_NAMES[: self.max_memories], rng)
        left = rng.randint(1, num_leaves - 1)
        children = tuple(
            self._draw_tree(count, rng, bare=False) for count in (left, num_leaves - left)
        )
        return Tree(rng.choice(self.binary), children)

    def mutate(self, genome: TreeGenome, rng: random.Random) -> TreeGenome:
        """One of the three mutations of section 2.1, drawn; the others where it finds nothing."""
        for mutation in rng.sample((insert, replace, shrink), 3):
            if (mutated := mutation(genome, self, rng)) is not None:
                return mutated
        return genome

    # --- rules ---

    def check(self, genome: TreeGenome) -> Rejection | None:
        for rule, broken in self._rules.items():
            if reason := broken(genome):
                return Rejection(rule, reason)
        return None

    def _check_elements(self, genome: TreeGenome) -> str | None:
        by_arity = (
            (LINEAR, *MEMORY_NAMES[: self.max_memories]),
            self.unary,
            self.binary,
        )
        for path, node in genome.tree.walk():
            arity = len(node.children)
            if arity >= len(by_arity):
                return f"expected 0 to 2 arguments at {_place(path)}, got {arity}"
            if node.element not in by_arity[arity]:
                expected = ", ".join(by_arity[arity])
                return (
                    f"expected one of {expected} with {arity} arguments at {_place(path)}, "
                    f"got {reprlib.repr(node.element)}"
                )
        return None

    def _check_size(self, genome: TreeGenome) -> str | None:
        # The cell's nodes: those of the tree, and x_t and h_tm1.
        size = genome.tree.num_nodes + 2
        return f"{size} nodes make no cell, the limit is {MAX_NODES}" if size > MAX_NODES else None

    def _check_height(self, genome: TreeGenome) -> str | None:
        height = genome.tree.height
        if self.min_height <= height <= self.max_height:
            return None
        return f"expected a height of {self.min_height} to {self.max_height}, got {height}"

    def _check_consecutive(self, genome: TreeGenome) -> str | None:
        """Section A.3 (3): they would lose information, as connections have no weights."""
        for path, node in genome.tree.walk():
            for child in node.children:
                if _is_nonlinear(node) and _is_nonlinear(child):
                    return f"{node.element} of {child.element} at {_place(path)}"
        return None

    def _check_inputs(self, genome: TreeGenome) -> str | None:
        if any(node.element == LINEAR for _, node in genome.tree.walk()):
            return None
        return "no linear leaf: the cell does not see x_t and h_tm1"

    def _check_feeds(self, genome: TreeGenome) -> str | None:
        fed = [name for name, _ in genome.feeds]
        used = list(genome.tree.memories)
        if fed != used:
            return f"expected feeds for the memories {used}, got {fed}"
        for memory, path in genome.feeds:
            if not is_feed_point(genome.tree, path):
                return f"{memory} cannot be fed from {_place(path)}: no inner node below the root"
        return None

    def _check_zero(self, genome: TreeGenome) -> str | None:
        """A memory or an output that is 0 at every step, whatever the weights."""
        alive: set[str] = set()
        feeds = dict(genome.feeds)
        while True:
            woken = {
                name
                for name, path in feeds.items()
                if name not in alive and not _is_zero(genome.tree.at(path), alive)
            }
            if not woken:
                break
            alive |= woken
        for name in feeds:
            if name not in alive:
                return f"memory {name} would stay 0"
        return "the output would stay 0" if _is_zero(genome.tree, alive) else None

    # --- decoding and JSON ---

    def decode(self, genome: TreeGenome) -> Cell:
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
        """The cell unfolded: each shared node that is not a leaf becomes a subtree of its own.

        So a cell in which a shared node holds weights is no cell of this space. Where the tree must
        be higher, or a memory is fed from a leaf, a sum of leaves stands for the leaf.
        """
        if not isinstance(architecture, Cell):
            return None
        cell = architecture.with_folded_linears()
        try:
            genome = _unfold(cell, self.max_height)
        except _Inexpressible:
            return None
        genome = _raised(genome, self.min_height)
        fits = self.check(genome) is None and self.decode(genome) == cell
        return genome if fits else None

    def to_json(self, genome: TreeGenome) -> Any:
        """{"tree": ["Tanh", ["Add", "linear", "c"]], "feeds": {"c": [0]}}"""
        return {
            "tree": _tree_to_json(genome.tree),
            "feeds": {name: list(path) for name, path in genome.feeds},
        }

    def from_json(self, data: Any) -> TreeGenome:
        if not isinstance(data, dict) or set(data) != {"tree", "feeds"}:
            raise GenomeError(
                f'expected an object with "tree" and "feeds", got {reprlib.repr(data)}'
            )
        tree = self._tree_from_json(data["tree"], ())
        feeds = data["feeds"]
        if not isinstance(feeds, dict) or not all(
            isinstance(name, str) and _is_path(path) for name, path in feeds.items()
        ):
            raise GenomeError(
                f'expected "feeds" as lists of child numbers by memory, got {reprlib.repr(feeds)}'
            )
        genome = TreeGenome(tree, tuple(sorted((n, tuple(path)) for n, path in feeds.items())))
        rejection = self.check(genome)
        if rejection is not None:
            raise GenomeError(f"not in this space, {rejection.rule}: {rejection.reason}")
        return genome

    def _tree_from_json(self, data: Any, path: Path) -> Tree:
        if len(path) > self.max_height:
            raise GenomeError(f"expected a height of at most {self.max_height}, got more")
        if isinstance(data, str):
            return Tree(data)
        if not isinstance(data, list) or len(data) < 2 or not isinstance(data[0], str):
            raise GenomeError(
                f"expected a leaf's name or [element, arguments…] at {_place(path)}, "
                f"got {reprlib.repr(data)}"
            )
        children = (
            self._tree_from_json(child, (*path, index)) for index, child in enumerate(data[1:])
        )
        return Tree(data[0], tuple(children))


class _Inexpressible(Exception):
    """A cell with something that no tree has."""


def _unfold(cell: Cell, max_height: int) -> TreeGenome:
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


def _raised(genome: TreeGenome, min_height: int) -> TreeGenome:
    """The genome with sums of leaves for its lowest linear leaf, until it has the height."""
    while genome.tree.height < min_height:
        leaves = [path for path, node in genome.tree.walk() if node.element == LINEAR]
        if not leaves:
            break
        genome = genome.with_subtree(max(leaves, key=len), SUM_OF_LEAVES)
    return genome


def _elements(name: str, elements: Sequence[str], arity: int) -> tuple[str, ...]:
    chosen = tuple(elements)
    known = sorted(op.name for op in OPERATORS.values() if op.min_args <= arity <= op.max_args)
    known.remove("Linear")
    if not chosen or len(set(chosen)) < len(chosen) or not set(chosen) <= set(known):
        raise ValueError(
            f"{name}: expected different operators among {', '.join(known)}, got {list(chosen)}"
        )
    return chosen


def _is_nonlinear(node: Tree) -> bool:
    return bool(node.children) and OPERATORS[node.element].nonlinear


def _is_zero(node: Tree, alive: set[str]) -> bool:
    """Whether the node's value is surely 0 where all memories but those alive are 0."""
    if not node.children:
        return node.element != LINEAR and node.element not in alive
    zero = [_is_zero(child, alive) for child in node.children]
    if node.element in ZERO_OF_ANY:
        return any(zero)
    return all(zero) and node.element in ZERO_OF_ALL


def _place(path: Path) -> str:
    return f"node {list(path)}" if path else "the root"


def _is_path(data: Any) -> bool:
    return isinstance(data, list) and all(type(index) is int for index in data)


def _tree_to_json(tree: Tree) -> Any:
    if not tree.children:
        return tree.element
    return [tree.element, *(_tree_to_json(child) for child in tree.children)]
