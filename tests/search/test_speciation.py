import random

import pytest

from archsearch.search.speciation import Member, Speciation, Standing
from archsearch.space import GPTreeSpace, Shape, shape_distance

SPACE = GPTreeSpace()


def shapes(count: int) -> list[Shape]:
    """Shapes further apart than 0.3."""
    rng = random.Random(1)
    found: list[Shape] = []
    while len(found) < count:
        shape = SPACE.sample(rng).tree.shape
        if all(shape_distance(shape, other) > 0.3 for other in found):
            found.append(shape)
    return found


@pytest.fixture
def speciation() -> Speciation[str]:
    return Speciation[str](threshold=0.3, beta=0.5, max_active=2, max_inactive=2)


def test_new_species_are_active_while_there_is_room_then_wait(speciation) -> None:
    placed = [speciation.place(shape, promise=0.0) for shape in shapes(4)]
    assert [species.standing.value for species in placed] == ["active"] * 2 + ["inactive"] * 2
    for shape, species in zip(shapes(4), placed, strict=True):
        assert speciation.find(shape) is speciation.place(shape, promise=9.0) is species


def test_a_form_belongs_to_the_oldest_species_that_is_near_enough(speciation) -> None:
    everything = Speciation[str](threshold=1.0, beta=0.5, max_active=2, max_inactive=2)
    for each in (speciation, everything):
        first = each.place(shapes(1)[0], promise=0.0)
        rng = random.Random(2)
        for _ in range(50):
            shape = SPACE.sample(rng).tree.shape
            near = shape_distance(shape, first.representative) <= each.threshold
            assert (each.place(shape, promise=0.0) is first) == near


def test_stagnant_species_give_way_to_the_most_promising(speciation) -> None:
    a, b, c, d = (
        speciation.place(shape, promise)
        for shape, promise in zip(shapes(4), (0.0, 0.0, 0.1, 0.2), strict=True)
    )
    c.let_wait("first", promise=0.3, room=1)
    c.let_wait("no room", promise=9.0, room=1)
    genome = SPACE.sample(random.Random(3))
    for fitness in (0.5, 0.5, 0.4):  # progress once, then none
        a.end_generation([Member(0, genome, fitness)])
        b.end_generation([Member(1, genome, 1.0 + a.stagnant_generations)])
    speciation.retire(2)
    assert [each.standing.value for each in (a, b, c, d)] == [
        "shame", "active", "active", "inactive",
    ]  # fmt: skip
    assert list(c.waiting) == ["first"]
    assert speciation.find(a.representative) is a


def test_the_least_promising_is_forgotten_beyond_the_limit(speciation) -> None:
    promises = (0.0, 0.0, 0.3, 0.1, 0.2)
    placed = [speciation.place(s, p) for s, p in zip(shapes(5), promises, strict=True)]
    assert speciation.having(Standing.INACTIVE) == [placed[2], placed[4]]
    assert speciation.find(placed[3].representative) is None
