"""Random trees of every form, wilder than what the spaces draw."""

import random
from collections.abc import Callable

import pytest

from archsearch.space.tree import Tree


def _random_tree(num_nodes: int, rng: random.Random) -> Tree:
    """A tree of unary and binary nodes; rules on elements are not kept."""
    if num_nodes == 1:
        return Tree("linear")
    if num_nodes == 2 or rng.random() < 0.3:
        return Tree("Tanh", (_random_tree(num_nodes - 1, rng),))
    left = rng.randint(1, num_nodes - 2)
    return Tree("Add", (_random_tree(left, rng), _random_tree(num_nodes - 1 - left, rng)))


@pytest.fixture
def random_tree() -> Callable[[int, random.Random], Tree]:
    return _random_tree
