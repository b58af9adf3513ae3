"""What trees are made of and how they are drawn: what GP-NEAT's space and its mutations know."""

import random
from collections.abc import Sequence

from archsearch.space.parameters import different, operators_of, require
from archsearch.space.space import CellSpace
from archsearch.space.tree import LINEAR, MEMORY_NAMES, Path, Tree, TreeGenome

START_LEAVES = 8  # of the start tree: NAS's "base number"


class TreeGrammar(CellSpace[TreeGenome]):
    """The elements of a tree, how it is drawn, and where its memories are fed from.

    unary, binary: names of operators. memory_leaf_rate: the chance that a drawn leaf is a memory.
    """

    def __init__(
        self,
        unary: Sequence[str],
        binary: Sequence[str],
        max_memories: int,
        memory_leaf_rate: float,
    ) -> None:
        self.unary = different("unary", unary, operators_of(1), least=1)
        self.binary = different("binary", binary, operators_of(2), least=1)
        require("max_memories", max_memories, 0, len(MEMORY_NAMES), integer=True)
        require("memory_leaf_rate", memory_leaf_rate, 0, 1)
        self.max_memories = max_memories
        self.memory_leaf_rate = memory_leaf_rate

    def draw_start(self, rng: random.Random) -> TreeGenome:
        """Three levels of a combination under a non-linearity, which join the leaves."""
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

    def draw_tree(self, num_leaves: int, rng: random.Random, *, bare: bool = False) -> Tree:
        """Each combination splits its leaves at random, and half of the places where a
        non-linearity may stand get one; of a `bare` tree not the root."""
        if not bare and rng.random() < 0.5:
            return Tree(rng.choice(self.unary), (self.draw_tree(num_leaves, rng, bare=True),))
        if num_leaves == 1:
            return self.draw_leaf(MEMORY_NAMES[: self.max_memories], rng)
        left = rng.randint(1, num_leaves - 1)
        children = tuple(self.draw_tree(count, rng) for count in (left, num_leaves - left))
        return Tree(rng.choice(self.binary), children)

    def draw_leaf(self, memories: Sequence[str], rng: random.Random) -> Tree:
        """A linear leaf, or one of the memories."""
        if memories and rng.random() < self.memory_leaf_rate:
            return Tree(rng.choice(memories))
        return Tree(LINEAR)

    def memories_for(self, genome: TreeGenome) -> tuple[str, ...]:
        """The memories that a new leaf may name: those in use, and one more while there is room."""
        used = genome.tree.memories
        free = [name for name in MEMORY_NAMES[: self.max_memories] if name not in used]
        return (*used, *free[:1])

    def feed_points(self, genome: TreeGenome) -> list[Path]:
        """Where a memory may be fed from: every inner node but the root, whose value is h_t."""
        return [path for path, node in genome.tree.walk() if path and node.children]

    def fed(self, genome: TreeGenome, rng: random.Random) -> TreeGenome:
        """The genome with a drawn feed for each memory that has none, or none that is allowed."""
        feeds = dict(genome.feeds)
        for memory in genome.tree.memories:
            if memory in feeds and is_feed_point(genome.tree, feeds[memory]):
                continue
            if points := self.feed_points(genome):
                feeds[memory] = rng.choice(points)
        return TreeGenome.of(genome.tree, feeds)


def is_feed_point(tree: Tree, path: Path) -> bool:
    """Whether a memory may be fed from there: an inner node, and not the root."""
    return path != () and tree.has(path) and tree.at(path).children != ()
