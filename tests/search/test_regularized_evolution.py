import random
from itertools import count
from typing import Any

import pytest
from toy_landscape import GP_TREE as SPACE
from toy_landscape import drive

from archsearch.search.regularized_evolution import RegularizedEvolution


def search(**parameters: Any) -> RegularizedEvolution:
    return RegularizedEvolution(SPACE, random.Random(1), **{"population_size": 10, **parameters})


def test_a_child_has_the_best_of_the_living_as_parent_and_the_oldest_dies() -> None:
    falling = (-float(number) for number in count())  # so the oldest is always the best
    trials = drive(search(sample_size=200), lambda cell: next(falling), 40, window=1)
    origins = [trial.candidate.origin for trial in trials]
    assert [origin.operation for origin in origins] == ["random"] * 10 + ["mutation"] * 30
    assert [origin.parents for origin in origins[10:]] == [(number,) for number in range(30)]


def test_small_samples_leave_a_chance_to_all() -> None:
    rising = (float(number) for number in count())
    trials = drive(search(sample_size=2), lambda cell: next(rising), 200, window=1)
    ages = [t.candidate.number - t.candidate.origin.parents[0] for t in trials[10:]]
    assert set(ages) == set(range(1, 11))
    assert sum(ages) / len(ages) < 5  # and the better, here the younger, have the larger one


def test_failed_trials_are_parents_only_where_all_have_failed() -> None:
    fitness = (None if number % 2 else 1.0 for number in count())
    trials = drive(search(sample_size=200), lambda cell: next(fitness), 60, window=1)
    assert {t.candidate.origin.parents[0] % 2 for t in trials[10:]} == {0}


def test_nothing_is_waited_for() -> None:
    strategy = search()
    proposals = [strategy.ask(number) for number in range(30)]
    assert {proposal and proposal.origin.operation for proposal in proposals} == {"random"}


@pytest.mark.parametrize("name", ["population_size", "sample_size", "max_attempts"])
def test_numbers_out_of_range_are_named(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        search(**{name: 0})
