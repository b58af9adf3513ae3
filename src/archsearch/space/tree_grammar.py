"""What trees are made of: what the space of GP-NEAT and its mutations both know."""

import random
from collections.abc import Sequence

from archsearch.space.space import CellSpace
from archsearch.space.tree import LINEAR, MEMORY_NAMES, Path, Tree, TreeGenome


class TreeGrammar(CellSpace[TreeGenome]):
    """The elements of a tree, its leaves, and where its memories are fed from.

    unary, binary: names of operators. memory_leaf_rate: how often a leaf is a memory.
    """

    unary: tuple[str, ...]
    binary: tuple[str, ...]
    max_memories: int
    memory_leaf_rate: float

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
