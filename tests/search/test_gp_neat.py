import random
from collections import Counter
from typing import Any

import pytest
from toy_landscape import GP_TREE as SPACE
from toy_landscape import SUBJECTS, TowardsTarget, drive

from archsearch.cell import Cell
from archsearch.search import GPNEAT
from archsearch.search.speciation import Member, truncation
from archsearch.space import TreeGenome


def search(seed: int = 1, **parameters: Any) -> GPNEAT:
    return GPNEAT(SPACE, random.Random(seed), **{"population_size": 20, **parameters})


def details(trial, key: str) -> Any:
    return trial.candidate.origin.details[key]


def toy() -> TowardsTarget:
    return TowardsTarget(SUBJECTS["gp_neat"], 1)


def test_starts_with_one_species_of_fully_connected_trees() -> None:
    trials = drive(search(), toy(), 20)
    genomes = [SPACE.from_json(trial.candidate.genome) for trial in trials]
    assert {trial.candidate.origin.operation for trial in trials} == {"seed"}
    assert len({genome.tree.shape for genome in genomes}) == 1
    assert {details(trial, "species") for trial in trials} == {0}


def test_a_generation_waits_until_all_its_trials_are_told() -> None:
    strategy = search(population_size=5)
    trials = drive(strategy, toy(), 5)
    assert strategy.status()["generation"] == 1
    for number in range(5, 10):
        assert strategy.ask(number) is not None
    assert strategy.ask(10) is None
    assert all(details(trial, "generation") == 0 for trial in trials)


def test_within_a_generation_the_order_of_tells_does_not_matter() -> None:
    ordered = drive(search(), toy(), 80)
    for window in (7, 30):
        shuffled = drive(search(), toy(), 80, window=window, order=random.Random(window))
        assert sorted(shuffled, key=lambda trial: trial.candidate.number) == ordered


def test_a_stagnant_species_is_never_proposed_again() -> None:
    strategy = search(stagnation_generations=2)
    trials = drive(strategy, lambda cell: 0.0, 200)
    first, last = {}, {}
    for trial in trials:
        species, generation = details(trial, "species"), details(trial, "generation")
        first.setdefault(species, generation)
        last[species] = generation
    # The first generation brings progress over nothing, then two bring none.
    assert all(last[species] - first[species] <= 2 for species in first)
    assert strategy.status()["shame_species"] >= 5
    assert max(last) > 5


def test_only_so_many_species_are_active_and_the_others_wait_their_turn() -> None:
    strategy = search(max_active_species=3, stagnation_generations=2, max_inactive_species=5)
    toys, seen = toy(), []

    def landscape(cell: Cell) -> float:
        seen.append(dict(strategy.status()))
        return toys(cell)

    trials = drive(strategy, landscape, 240)
    assert max(status["active_species"] for status in seen) == 3
    assert max(status["inactive_species"] for status in seen) == 5
    proposed = {(details(t, "generation"), details(t, "species")) for t in trials}
    per_generation = Counter(generation for generation, _ in proposed)
    assert max(per_generation.values()) == 3
    assert len({species for _, species in proposed}) > 3


def test_parents_come_from_the_species_best_and_champions_stay_without_a_new_trial() -> None:
    trials = drive(search(compatibility_threshold=1.0, survival_rate=0.2), toy(), 100)
    fitness = {trial.candidate.number: trial.fitness for trial in trials}
    for generation in range(1, 5):
        parents = {
            parent
            for trial in trials
            if details(trial, "generation") == generation
            for parent in trial.candidate.origin.parents
        }
        before = [
            fitness[t.candidate.number] for t in trials if details(t, "generation") < generation
        ]
        assert max(fitness[parent] for parent in parents) == max(before)
        assert len(parents) <= 5
    assert len({trial.candidate.key for trial in trials}) == 100


def test_if_all_is_shame_the_search_goes_on() -> None:
    # One species holds every tree, so that after its retirement nothing lies outside the Hall.
    strategy = search(compatibility_threshold=1.0, stagnation_generations=1)
    trials = drive(strategy, lambda cell: None, 100)
    assert {details(trial, "species") for trial in trials} == {0}


def test_rates_of_zero_switch_operators_off() -> None:
    trials = drive(search(crossover_rate=0, insert_rate=0, shrink_rate=0), toy(), 60)
    assert {t.candidate.origin.operation for t in trials} == {"seed", "mutation"}
    assert len({SPACE.from_json(t.candidate.genome).tree.shape for t in trials}) == 1


def test_truncation_prefers_the_fittest_and_drops_the_failed() -> None:
    failed = float("-inf")
    genome = TreeGenome(SPACE.sample(random.Random(1)).tree)
    members = [
        Member(number, genome, fitness)
        for number, fitness in enumerate([0.1, failed, 0.3, 0.3, 0.2, failed])
    ]
    assert [member.number for member in truncation(members, 0.5)] == [2, 3, 4]
    assert [member.number for member in truncation(members, 0.1)] == [2, 3]
    assert [member.number for member in truncation(members, 1.0)] == [2, 3, 4, 0]
    assert [member.number for member in truncation(members[1:2], 0.1)] == [1]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"population_size": 1}, "population_size: expected an integer 2 or more, got 1"),
        ({"population_size": 2.5}, r"population_size: expected an integer 2 or more, got 2\.5"),
        ({"crossover_rate": 1.2}, r"crossover_rate: expected a number between 0 and 1, got 1\.2"),
        ({"insert_rate": -0.1}, r"insert_rate: expected a number between 0 and 1, got -0\.1"),
        (
            {"insert_rate": 0, "shrink_rate": 0, "replace_rate": 0},
            "insert_rate, shrink_rate, replace_rate: expected at least one above 0",
        ),
        ({"compatibility_threshold": 1.5}, "compatibility_threshold: expected a number between"),
        ({"beta": float("nan")}, "beta: expected a number between 0 and 1, got nan"),
        ({"max_active_species": 0}, "max_active_species: expected an integer 1 or more, got 0"),
        ({"stagnation_generations": 0}, "stagnation_generations: expected an integer 1 or more"),
        ({"max_mutations": True}, "max_mutations: expected an integer 1 or more, got True"),
    ],
)
def test_parameters_out_of_range(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        search(**parameters)


def test_another_kind_of_space() -> None:
    with pytest.raises(ValueError, match=r"space: expected a GPTreeSpace .*, got str"):
        GPNEAT("gp_tree", random.Random(1))  # type: ignore[arg-type]
