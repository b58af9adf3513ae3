import random
from collections.abc import Sequence
from typing import Any

import pytest
from toy_landscape import GP_TREE as SPACE
from toy_landscape import drive

from archsearch.archive import Trial
from archsearch.search.local_search import LocalSearch


def search(**parameters: Any) -> LocalSearch:
    numbers = {"num_initial": 3, "num_neighbours": 4, **parameters}
    return LocalSearch(SPACE, random.Random(1), **numbers)


def run(fitness: Sequence[float | None], window: int = 1, **parameters: Any) -> list[Trial]:
    told = iter(fitness)
    return drive(search(**parameters), lambda cell: next(told), len(fitness), window=window)


def steps(trials: list[Trial]) -> list[int | str]:
    """The parent of each mutant, the operation of the others."""
    origins = [trial.candidate.origin for trial in trials]
    return [origin.parents[0] if origin.parents else origin.operation for origin in origins]


def test_moves_to_whatever_is_better_and_begins_anew_where_nothing_is() -> None:
    trials = run([1, 3, 2, 3, 2, 4, 1, 5, 5, 4, 3, None, 9, 8, 7, 9, 10])
    draws: list[int | str] = ["random"] * 3
    assert steps(trials) == [*draws, 1, 1, 1, 5, 5, 7, 7, 7, 7, *draws, 12, 12]
    assert [trial.candidate.origin.details["climb"] for trial in trials] == [0] * 12 + [1] * 5


def test_failed_trials_are_never_better() -> None:
    assert steps(run([None, 1, None, None, None, 2, 1])) == [*["random"] * 3, 1, 1, 1, 5]


def test_trials_of_an_ended_climb_move_nothing() -> None:
    fitness = [1, 1, 1, 1, 1, 9, 9, 1, 1, 1, 1]  # the nines are in flight when the climb ends
    trials = run(fitness, window=3, num_initial=1, num_neighbours=2)
    draws: list[int | str] = ["random"] * 3
    assert steps(trials) == [*draws, 0, 0, 0, 0, *draws, 7]


def test_nothing_is_waited_for() -> None:
    strategy = search()
    proposals = [strategy.ask(number) for number in range(30)]
    assert {proposal and proposal.origin.operation for proposal in proposals} == {"random"}


@pytest.mark.parametrize("name", ["num_initial", "num_neighbours", "max_attempts"])
def test_numbers_out_of_range_are_named(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        search(**{name: 0})
