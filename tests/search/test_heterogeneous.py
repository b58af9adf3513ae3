import random
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from toy_landscape import GP_TREE, LAYERS, SUBJECTS, TowardsTarget, drive

from archsearch.architecture import Architecture
from archsearch.archive import Archive, ArchiveError, Candidate, Origin, RunInfo, Status, Trial
from archsearch.cell import Cell, zoo
from archsearch.search.heterogeneous import Heterogeneous
from archsearch.search.layer_space import layer_space
from archsearch.space.heterogeneous import HeterogeneousSpace


def search(**parameters: Any) -> Heterogeneous:
    return Heterogeneous(LAYERS, random.Random(1), **{"mode": "genetic", **parameters})


def test_random_mode_draws_every_layer_from_the_pool() -> None:
    trials = drive(search(mode="random"), TowardsTarget(SUBJECTS["heterogeneous"], 0), 60)
    assert {trial.candidate.origin.operation for trial in trials} == {"random"}
    assert len({trial.candidate.key for trial in trials}) == 60


def test_parents_are_among_the_best_of_all() -> None:
    numbers = count()
    fitness = [random.Random(number).random() for number in range(80)]
    strategy = search(population_size=5, tournament_size=2)
    trials = drive(strategy, lambda layer: fitness[next(numbers)], 80, window=1)
    for trial in trials[5:]:
        told = fitness[: trial.candidate.number]
        best = {fitness.index(value) for value in sorted(told, reverse=True)[:5]}
        assert set(trial.candidate.origin.parents) <= best
    operations = {trial.candidate.origin.operation for trial in trials[5:]}
    assert operations == {"crossover", "mutation"}


def test_other_spaces_and_unknown_modes_are_refused() -> None:
    with pytest.raises(ValueError, match="cell_space=heterogeneous"):
        Heterogeneous(GP_TREE, random.Random(1))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="random or genetic, got 'greedy'"):
        search(mode="greedy")


# --- the pool ---


def cells(count: int, seed: int = 1) -> list[Cell]:
    rng = random.Random(seed)
    return [GP_TREE.decode(GP_TREE.sample(rng)) for _ in range(count)]


def write_run(directory: Path, architectures: list[Architecture]) -> str:
    """An archive with a reference that is best of all, a failure, and the architectures from the
    best to the worst."""
    directory.mkdir(exist_ok=True)
    run = RunInfo("run", "0" * 12, {}, "test")
    with Archive.open(f"sqlite:///{directory / 'archive.sqlite'}", run) as archive:
        first = len(archive)
        if first == 0:
            archive.append(_trial(0, zoo["lstm"], 10.0, Origin("reference")))
            archive.append(
                Trial.failed(_candidate(1, zoo["gru"], Origin("random")), Status.DIVERGED, 0, "", 0)
            )
            first = 2
        for number, architecture in enumerate(architectures, first):
            archive.append(_trial(number, architecture, -float(number), Origin("random")))
    return str(directory)


def _candidate(number: int, architecture: Architecture, origin: Origin) -> Candidate:
    return Candidate(number, architecture, None, origin)


def _trial(number: int, architecture: Architecture, fitness: float, origin: Origin) -> Trial:
    candidate = _candidate(number, architecture, origin)
    return Trial(candidate, Status.OK, 0, (), -fitness, fitness, 1, 0.0)


def space_of(runs: list[str], kept_in: Path, **settings: Any) -> HeterogeneousSpace:
    return layer_space(runs, kept_in, **{"repeats": 16, "hidden_size": 64, **settings})


def test_the_pool_is_the_top_share_of_each_run_without_references_and_failures(
    tmp_path: Path,
) -> None:
    first, second = cells(30, seed=1), cells(15, seed=2)
    runs = [write_run(tmp_path / "a", first), write_run(tmp_path / "b", second)]
    space = space_of(runs, tmp_path / "pool.json", top_share=0.1)
    assert set(space.pool) == {*first[:3], *second[:2]}
    assert space.num_shares == 4


def test_a_large_pool_is_cut_to_the_most_different(tmp_path: Path) -> None:
    found = cells(30)
    runs = [write_run(tmp_path / "a", found)]
    space = space_of(runs, tmp_path / "pool.json", top_share=1.0, pool_size=6)
    assert len(space.pool) == 6
    assert set(space.pool) < set(found)


def test_a_run_that_goes_on_keeps_its_pool(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / "a", cells(20))]
    pool = space_of(runs, tmp_path / "pool.json").pool
    write_run(tmp_path / "a", cells(20, seed=3))
    assert space_of(runs, tmp_path / "pool.json").pool == pool
    assert space_of(runs, tmp_path / "another.json").pool != pool


def test_what_is_missing_is_said_with_what_to_do(tmp_path: Path) -> None:
    kept_in = tmp_path / "pool.json"
    with pytest.raises(ValueError, match=r"cell_space.runs: .* got none; try cell_space.runs="):
        space_of([], kept_in)
    with pytest.raises(ArchiveError, match="nowhere"):
        space_of([str(tmp_path / "nowhere")], kept_in)
    alone = write_run(tmp_path / "a", cells(1))
    with pytest.raises(ValueError, match=r"at least 2 different cells in the top 10% .* got 1"):
        space_of([alone], kept_in)
    with pytest.raises(ValueError, match=r"repeats: expected a divisor of the 64 .* got 20"):
        space_of([alone], kept_in, repeats=20)
    assert not kept_in.exists()
