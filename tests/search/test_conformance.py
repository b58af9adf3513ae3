"""What every strategy must do. One joins by a line in tests/toys/toy_landscape.py."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
import toy_landscape
from toy_landscape import SPACE, STRATEGIES, TowardsTarget, drive, history

from archsearch.search import Strategy

Make = Callable[[int], Strategy]


@pytest.fixture(params=STRATEGIES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def make(name: str) -> Make:
    return STRATEGIES[name]


def test_proposals_are_valid_and_can_be_archived(make: Make) -> None:
    for trial in drive(make(1), TowardsTarget(0), 120):
        candidate = trial.candidate
        assert SPACE.decode(SPACE.from_json(candidate.genome)) == candidate.architecture
        for data in (candidate.genome, dict(candidate.origin.details)):
            assert json.loads(json.dumps(data)) == data
        assert all(0 <= parent < candidate.number for parent in candidate.origin.parents)


def test_status_is_a_few_figures(make: Make) -> None:
    strategy = make(1)
    json.dumps(dict(strategy.status()), allow_nan=False)
    drive(strategy, TowardsTarget(0), 30)
    json.dumps(dict(strategy.status()), allow_nan=False)


def test_other_seeds_propose_other_cells(make: Make) -> None:
    first, second = (drive(make(seed), TowardsTarget(0), 20) for seed in (1, 2))
    assert [t.candidate.key for t in first] != [t.candidate.key for t in second]


def test_same_seed_gives_the_same_search_in_a_fresh_process(name: str) -> None:
    fresh = subprocess.run(
        [sys.executable, toy_landscape.__file__, name],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "42"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert fresh.stdout.splitlines() == history(name)


def test_resume_equals_an_undisturbed_search(make: Make) -> None:
    whole = drive(make(3), TowardsTarget(0), 90)
    for killed_after in (1, 19, 50):
        resumed = drive(make(3), TowardsTarget(0), 90, told=tuple(whole[:killed_after]))
        assert resumed == whole


def test_replay_of_tells_in_another_order_proposes_the_same(make: Make) -> None:
    whole = drive(make(3), TowardsTarget(0), 90, order=random.Random(5))
    replayed = drive(make(3), TowardsTarget(0), 90, told=tuple(whole))
    assert replayed == whole


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_failed_trials_are_survived(make: Make, share: float) -> None:
    rng = random.Random(4)
    toy = TowardsTarget(0)
    trials = drive(make(4), lambda cell: None if rng.random() < share else toy(cell), 120)
    assert len({trial.candidate.key for trial in trials}) > 100


@pytest.mark.parametrize("window", [1, 3, 50])
def test_any_order_of_tells_is_survived(make: Make, window: int) -> None:
    trials = drive(make(5), TowardsTarget(0), 100, window=window, order=random.Random(window))
    assert len({trial.candidate.number for trial in trials}) == 100
    assert max(trial.candidate.number for trial in trials) < 100 + window


@pytest.mark.parametrize("num_trials", [300, pytest.param(10_000, marks=pytest.mark.slow)], ids=str)
def test_asking_stays_quick(make: Make, num_trials: int) -> None:
    strategy = make(6)
    seconds: list[float] = []
    ask = strategy.ask

    def timed_ask(number: int):
        began = time.process_time()
        proposal = ask(number)
        seconds.append(time.process_time() - began)
        return proposal

    strategy.ask = timed_ask  # type: ignore[method-assign]
    drive(strategy, TowardsTarget(0), num_trials)
    last = sorted(seconds[-200:])
    assert sum(last) / len(last) < 0.05


def test_finds_better_cells_than_random_search(name: str, make: Make) -> None:
    if name == "random":
        pytest.skip("is the baseline")
    scores = dict.fromkeys((name, "random"), 0.0)
    for seed in range(3):
        toy = TowardsTarget(seed)
        assert toy(toy.target) == 0
        for strategy in scores:
            trials = drive(STRATEGIES[strategy](seed), toy, 150)
            scores[strategy] += max(trial.fitness for trial in trials) / 3
    assert scores["random"] < scores[name] <= 0
