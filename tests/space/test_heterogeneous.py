import random

import pytest

from archsearch.architecture import HeterogeneousLayer
from archsearch.cell import parse, zoo
from archsearch.space import GenomeError, tree_distance
from archsearch.space.heterogeneous import HeterogeneousSpace, most_different

POOL = [zoo["lstm"], zoo["gru"], zoo["rnn"], zoo["mgu"]]
SPACE = HeterogeneousSpace(POOL, num_shares=5)


def test_layers_are_drawn_from_the_whole_pool_and_from_nothing_else() -> None:
    rng = random.Random(1)
    drawn = {cell for _ in range(50) for cell in SPACE.sample(rng).cells}
    assert drawn == set(POOL)


def test_a_mutation_changes_one_share() -> None:
    rng = random.Random(2)
    for _ in range(50):
        layer = SPACE.sample(rng)
        kept = list(layer.cells)
        (new,) = [c for c in SPACE.mutate(layer, rng).cells if c not in kept or kept.remove(c)]
        assert new in POOL
        assert len(kept) == 1
        assert kept[0] != new


def test_a_child_of_two_has_every_share_from_one_of_them() -> None:
    rng = random.Random(3)
    first, second = HeterogeneousLayer((POOL[0],) * 5), HeterogeneousLayer((POOL[1],) * 5)
    children = [SPACE.cross(first, second, rng) for _ in range(50)]
    assert {cell for child in children for cell in child.cells} == set(POOL[:2])
    assert len(set(children)) == 6  # 0 to 5 shares of the first, as far as 50 draws find them
    assert SPACE.cross(first, first, rng) == first


def test_layers_of_other_cells_belong_to_the_space_but_not_of_other_numbers_of_shares() -> None:
    other = HeterogeneousLayer((parse("h_t = Tanh(Linear(h_tm1))"),) * 5)
    assert SPACE.encode(other) == other
    assert SPACE.from_json(SPACE.to_json(other)) == other
    smaller = HeterogeneousLayer((zoo["lstm"],))
    assert SPACE.encode(smaller) is None
    assert SPACE.encode(zoo["lstm"]) is None
    with pytest.raises(GenomeError, match=r"number of shares: expected 5 shares, got 1"):
        SPACE.from_json(SPACE.to_json(smaller))


def test_a_pool_needs_different_cells() -> None:
    with pytest.raises(ValueError, match="at least 2 different cells, got 1"):
        HeterogeneousSpace([zoo["lstm"], zoo["lstm"]], 4)


def test_the_most_different_cells_are_far_from_each_other() -> None:
    rng = random.Random(4)
    near = parse("h_t = Sigmoid(Linear(x_t, h_tm1))")  # the form of rnn
    assert tree_distance(near, zoo["rnn"]) == 0
    cells = [zoo["rnn"], near, *(cell for cell in POOL if cell != zoo["rnn"])]
    rng.shuffle(cells)
    first = cells[0]
    found = most_different(cells, 4)
    assert found[0] == first
    assert {zoo["rnn"], near} - set(found)  # one of the two was left out
    assert most_different(cells, 99)[:4] == found
    assert set(most_different(cells, 99)) == set(cells)
    farthest = max(cells[1:], key=lambda cell: tree_distance(cell, first))
    assert tree_distance(found[1], first) == tree_distance(farthest, first)
