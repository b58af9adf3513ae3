import random

from archsearch.space import TreeGenome
from archsearch.space.tree import Tree

# Tanh(Add(Sigmoid(linear), Mult(c, linear))), with c fed from Mult.
TREE = Tree(
    "Tanh",
    (
        Tree(
            "Add",
            (
                Tree("Sigmoid", (Tree("linear"),)),
                Tree("Mult", (Tree("c"), Tree("linear"))),
            ),
        ),
    ),
)
GENOME = TreeGenome(TREE, (("c", (0, 1)),))


def test_walk_height_and_count() -> None:
    assert [path for path, _ in TREE.walk()] == [
        (), (0,), (0, 0), (0, 0, 0), (0, 1), (0, 1, 0), (0, 1, 1),
    ]  # fmt: skip
    assert (TREE.height, TREE.num_nodes, TREE.memories) == (3, 7, ("c",))


def test_a_feed_moves_along_with_its_node() -> None:
    branch = GENOME.with_branch((0,), "Mult", (Tree("linear"),), 1)
    assert branch.tree.at((0, 1)) == TREE.at((0,))
    assert branch.feeds == (("c", (0, 1, 1)),)
    assert branch.without_branch((0,), 1) == GENOME
    assert GENOME.with_branch((0, 0), "ReLU", (), 0).feeds == GENOME.feeds
    assert GENOME.without_branch((0,), 1).feeds == (("c", (0,)),)


def test_a_memory_that_loses_its_node_is_unfed_and_one_that_goes_is_forgotten() -> None:
    both = GENOME.with_subtree((0, 0, 0), Tree("c"))
    assert both.without_branch((0,), 0).feeds == ()
    assert both.with_subtree((0, 1), Tree("linear")).feeds == (("c", (0, 1)),)
    assert GENOME.with_subtree((0, 1), Tree("linear")).feeds == ()


def test_branch_in_and_out_again_is_no_change(random_tree) -> None:
    rng = random.Random(5)
    for _ in range(50):
        tree = random_tree(12, rng)
        path, _ = rng.choice(list(tree.walk()))
        genome = TreeGenome(tree.replaced(path, Tree("c")), (("c", ()),))
        position = rng.randrange(2)
        wrapped = genome.with_branch(path, "Add", (Tree("linear"),), position)
        assert wrapped.tree.has((*path, position))
        assert wrapped.without_branch(path, position) == genome
