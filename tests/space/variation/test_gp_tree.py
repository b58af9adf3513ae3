import random

import pytest

from archsearch.space import GPTreeSpace, TreeGenome
from archsearch.space.distance import common_region
from archsearch.space.tree import Tree
from archsearch.space.variation.trees import homologous_crossover, insert, replace, shrink

SPACE = GPTreeSpace()
LOW = GPTreeSpace(min_height=1)  # where every tree can shrink


def genomes(count: int, seed: int) -> list[TreeGenome]:
    rng = random.Random(seed)
    return [SPACE.sample(rng) for _ in range(count)]


@pytest.mark.parametrize("mutation", [insert, replace, shrink])
def test_mutations_give_valid_changed_genomes(mutation) -> None:
    rng = random.Random(1)
    for genome in genomes(40, seed=2):
        mutant = mutation(genome, LOW, rng)
        assert mutant is not None
        assert mutant != genome
        assert LOW.check(mutant) is None


def test_replace_keeps_the_form() -> None:
    rng = random.Random(1)
    for genome in genomes(40, seed=3):
        mutant = replace(genome, SPACE, rng)
        assert mutant.tree.shape is genome.tree.shape
        changed = [
            path
            for path, node in genome.tree.walk()
            if mutant.tree.at(path).element != node.element
        ]
        assert len(changed) + (not changed and mutant.feeds != genome.feeds) == 1


def test_insert_puts_the_subtree_below_the_new_element() -> None:
    rng = random.Random(1)
    for genome in genomes(40, seed=4):
        mutant = insert(genome, SPACE, rng)
        assert mutant.tree.num_nodes - genome.tree.num_nodes in (1, 2)
        assert any(
            mutant.without_branch(path, argument).tree == genome.tree
            for path, node in mutant.tree.walk()
            for argument in range(len(node.children))
        )


def test_shrink_leaves_an_argument_in_the_place_of_its_branch() -> None:
    rng = random.Random(1)
    for genome in genomes(40, seed=5):
        mutant = shrink(genome, LOW, rng)
        assert mutant.tree.num_nodes < genome.tree.num_nodes
        assert any(
            genome.without_branch(path, argument).tree == mutant.tree
            for path, node in genome.tree.walk()
            for argument in range(len(node.children))
        )


def test_nothing_valid_is_none_and_not_an_endless_search() -> None:
    rigid = GPTreeSpace(unary=["Tanh"], binary=["Add"], min_height=1, max_memories=0)
    chain = TreeGenome(Tree("Tanh", (Tree("linear"),)))
    assert replace(chain, rigid, random.Random(1)) is None
    assert shrink(TreeGenome(Tree("linear")), rigid, random.Random(1)) is None
    full = rigid.start(random.Random(1))
    assert homologous_crossover(full, full, rigid, random.Random(1)) is None


def test_crossover_exchanges_one_subtree_of_the_common_region() -> None:
    rng = random.Random(1)
    parents = genomes(80, seed=6)
    children = 0
    for mother, father in zip(parents[::2], parents[1::2], strict=True):
        child = homologous_crossover(mother, father, SPACE, rng)
        region = common_region(mother.tree, father.tree)
        if child is None:  # such as where the trees have only their roots in common
            continue
        children += 1
        assert SPACE.check(child) is None
        possible = [mother.tree.replaced(a, father.tree.at(b)) for a, b in region[1:]]
        possible += [father.tree.replaced(b, mother.tree.at(a)) for a, b in region[1:]]
        assert child.tree in possible
    assert children > 10


def test_crossover_of_mirror_images_is_homologous() -> None:
    """Figure 4 (a): branches are matched by form, wherever they stand."""
    small, large = Tree("linear"), Tree("Mult", (Tree("linear"), Tree("linear")))
    other = Tree("Mult", (Tree("linear"), Tree("Sigmoid", (Tree("linear"),))))
    mother = TreeGenome(Tree("Add", (small, large)))
    father = TreeGenome(Tree("Mult", (other, small)))
    assert ((1,), (0,)) in common_region(mother.tree, father.tree)
    child = homologous_crossover(mother, father, LOW, random.Random(1))
    assert child.tree.num_nodes in (5, 6)


def test_memories_of_a_child_are_fed_as_in_its_parents() -> None:
    def tree(feed: tuple[int, ...]) -> TreeGenome:
        arm = Tree("Tanh", (Tree("Add", (Tree("linear"), Tree("linear"))),))
        gated = Tree("Tanh", (Tree("Mult", (Tree("linear"), Tree("c"))),))
        root = Tree("Add", (arm, gated))
        return TreeGenome(root, (("c", feed),))

    space = GPTreeSpace(min_height=1, max_memories=1)
    mother, father = tree((0,)), tree((0, 0))
    for seed in range(20):
        child = homologous_crossover(mother, father, space, random.Random(seed))
        if child is not None:
            assert dict(child.feeds)["c"] in {(0,), (0, 0)}
