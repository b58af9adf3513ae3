"""The rules of GP-NEAT's trees: each a function that says what is wrong with a genome, if anything.

Rawal & Miikkulainen 2018, section A.3.
"""

import reprlib
from collections.abc import Sequence

from archsearch.cell import MAX_NODES, OPERATORS
from archsearch.space.tree import LINEAR, Tree, TreeGenome, place_text
from archsearch.space.tree_grammar import is_feed_point
from archsearch.space.zero_signal import is_zero


def elements(genome: TreeGenome, *, by_arity: Sequence[Sequence[str]]) -> str | None:
    """by_arity: the elements of 0, 1 and 2 arguments."""
    for path, node in genome.tree.walk():
        arity = len(node.children)
        if arity >= len(by_arity):
            return f"expected 0 to 2 arguments at {place_text(path)}, got {arity}"
        if node.element not in by_arity[arity]:
            expected = ", ".join(by_arity[arity])
            return (
                f"expected one of {expected} with {arity} arguments at {place_text(path)}, "
                f"got {reprlib.repr(node.element)}"
            )
    return None


def size(genome: TreeGenome) -> str | None:
    # The cell's nodes: those of the tree, and x_t and h_tm1.
    num_nodes = genome.tree.num_nodes + 2
    if num_nodes <= MAX_NODES:
        return None
    return f"{num_nodes} nodes make no cell, the limit is {MAX_NODES}"


def height(genome: TreeGenome, *, low: int, high: int) -> str | None:
    found = genome.tree.height
    return None if low <= found <= high else f"expected a height of {low} to {high}, got {found}"


def consecutive_nonlinearities(genome: TreeGenome) -> str | None:
    """Section A.3 (3): they would lose information, as connections have no weights."""
    for path, node in genome.tree.walk():
        for child in node.children:
            if _is_nonlinear(node) and _is_nonlinear(child):
                return f"{node.element} of {child.element} at {place_text(path)}"
    return None


def inputs(genome: TreeGenome) -> str | None:
    if any(node.element == LINEAR for _, node in genome.tree.walk()):
        return None
    return "no linear leaf: the cell does not see x_t and h_tm1"


def memory_feeds(genome: TreeGenome) -> str | None:
    fed = [name for name, _ in genome.feeds]
    used = list(genome.tree.memories)
    if fed != used:
        return f"expected feeds for the memories {used}, got {fed}"
    for memory, path in genome.feeds:
        if not is_feed_point(genome.tree, path):
            return f"{memory} cannot be fed from {place_text(path)}: no inner node below the root"
    return None


def zero_signal(genome: TreeGenome) -> str | None:
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


def _is_nonlinear(node: Tree) -> bool:
    return bool(node.children) and OPERATORS[node.element].nonlinear


def _is_zero(node: Tree, alive: set[str]) -> bool:
    """Whether the node's value is surely 0 where all memories but those alive are 0."""
    if not node.children:
        return node.element != LINEAR and node.element not in alive
    return is_zero(node.element, [_is_zero(child, alive) for child in node.children])
