"""What every strategy must do. One joins by a line in tests/toys/toy_landscape.py."""

import inspect
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
import toy_landscape
from toy_landscape import SUBJECTS, Subject, TowardsTarget, drive, history
from toy_predictor import ToyPredictor

from archsearch.archive import Lesson
from archsearch.archive.records import ESTIMATE
from archsearch.cell import Cell
from archsearch.search import DraftingStrategy, RandomSearch, Strategy
from archsearch.search.protocol import PredictingStrategy
from archsearch.search.screening import Screened
from archsearch.space import GenomeError

# What takes minutes and stands on another space too, where each commit holds it.
SLOW = {"rl_generator on dsl_core"}


@pytest.fixture(
    params=[pytest.param(n, marks=pytest.mark.slow if n in SLOW else ()) for n in SUBJECTS]
)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def subject(name: str) -> Subject:
    return SUBJECTS[name]


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Callable[[str], list[str]]]:
    """The history of a subject by name, in a process that strings have other hashes in.

    One for all subjects, for what they need takes seconds to import.
    """
    with subprocess.Popen(
        [sys.executable, toy_landscape.__file__],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "42"},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip

        def answer(name: str) -> list[str]:
            print(name, file=process.stdin, flush=True)
            return json.loads(process.stdout.readline())

        yield answer


def test_proposals_are_valid_and_can_be_archived(subject: Subject) -> None:
    space = subject.space
    for trial in drive(subject.make(1), TowardsTarget(subject, 0), 80):
        candidate = trial.candidate
        genome = space.from_json(candidate.genome)
        assert space.check(genome) is None
        assert space.decode(genome) == candidate.architecture
        for data in (
            candidate.genome,
            *map(dict, (candidate.origin.details, candidate.hyperparameters)),
        ):
            assert json.loads(json.dumps(data)) == data
        assert all(0 <= parent < candidate.number for parent in candidate.origin.parents)


def test_status_is_a_few_figures(subject: Subject) -> None:
    strategy = subject.make(1)
    json.dumps(dict(strategy.status()), allow_nan=False)
    drive(strategy, TowardsTarget(subject, 0), 30)
    assert len(json.dumps(dict(strategy.status()), allow_nan=False)) < 1000


def test_other_seeds_propose_other_cells(subject: Subject) -> None:
    first, second = (drive(subject.make(seed), TowardsTarget(subject, 0), 20) for seed in (1, 2))
    assert [t.candidate.key for t in first] != [t.candidate.key for t in second]


def test_same_seed_gives_the_same_search_in_a_fresh_process(
    name: str, elsewhere: Callable[[str], list[str]]
) -> None:
    assert elsewhere(name) == history(name)


def test_resume_equals_an_undisturbed_search(subject: Subject) -> None:
    whole = drive(subject.make(3), TowardsTarget(subject, 0), 60)
    for killed_after in (1, 19, 45):
        told = tuple(whole[:killed_after])
        assert drive(subject.make(3), TowardsTarget(subject, 0), 60, told=told) == whole


def test_what_is_learnt_is_of_trials_that_were_told_and_the_same_in_a_replay(
    subject: Subject,
) -> None:
    learnt: list[Lesson] = []
    again: list[Lesson] = []
    whole = drive(subject.make(3), TowardsTarget(subject, 0), 40, learnt=learnt)
    numbers = [lesson.number for lesson in learnt]
    assert len(set(numbers)) == len(numbers)
    assert set(numbers) <= {trial.number for trial in whole}
    drive(subject.make(3), TowardsTarget(subject, 0), 40, told=tuple(whole[:20]), learnt=again)
    assert again == learnt


def test_replay_of_tells_in_another_order_proposes_the_same(subject: Subject) -> None:
    whole = drive(subject.make(3), TowardsTarget(subject, 0), 70, order=random.Random(5))
    told = tuple(whole[:50])
    replayed = drive(subject.make(3), TowardsTarget(subject, 0), 50, told=told)
    assert replayed == whole[:50]


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_failed_trials_are_survived(subject: Subject, share: float) -> None:
    rng = random.Random(4)
    toy = TowardsTarget(subject, 0)
    trials = drive(subject.make(4), lambda cell: None if rng.random() < share else toy(cell), 80)
    assert len({trial.candidate.key for trial in trials}) > 67


@pytest.mark.parametrize("window", [1, 3, 50])
def test_any_order_of_tells_is_survived(subject: Subject, window: int) -> None:
    trials = drive(
        subject.make(5), TowardsTarget(subject, 0), 60, window=window, order=random.Random(window)
    )
    assert len({trial.candidate.number for trial in trials}) == 60
    assert max(trial.candidate.number for trial in trials) < 60 + window


def test_planted_genomes_are_proposed_first(subject: Subject) -> None:
    strategy = subject.make(7)
    assert isinstance(strategy, DraftingStrategy)
    rng = random.Random(7)
    genomes = [subject.space.sample(rng) for _ in range(3)]
    strategy.plant(genomes)
    assert strategy.has_seeds
    trials = drive(strategy, TowardsTarget(subject, 0), 20)
    keys = {trial.candidate.architecture.key for trial in trials[:10]}
    planted = {subject.space.decode(genome).key for genome in genomes}
    assert len(planted & keys) >= 1
    assert not strategy.has_seeds


def test_a_predictor_goes_inside_where_it_is_declared_and_else_in_front(subject: Subject) -> None:
    """Either way it learns from known pairs, and says from the first on what it expects."""
    if not isinstance(subject.space.decode(subject.space.sample(random.Random(1))), Cell):
        pytest.skip("predictors read cells alone")
    toy, rng = TowardsTarget(subject, 0), random.Random(9)
    cells = [subject.space.decode(subject.space.sample(rng)) for _ in range(20)]
    strategy: Strategy = subject.make(9)
    if not isinstance(strategy, PredictingStrategy):
        assert "predictor" not in inspect.signature(type(strategy)).parameters
        assert isinstance(strategy, DraftingStrategy)
        strategy = Screened(strategy, ToyPredictor(), random.Random(9))
    strategy.learn([(cell, toy(cell)) for cell in cells])
    trials = drive(strategy, toy, 30)
    assert ESTIMATE in trials[0].candidate.origin.details


def test_drafts_may_be_dropped(subject: Subject) -> None:
    """Who commits to one of several drafts gets a valid search."""
    strategy = subject.make(8)
    toy = TowardsTarget(subject, 0)
    drafting = strategy.draft

    def last_of_three():
        drafts = [drafting() for _ in range(3)]
        assert len({draft is None for draft in drafts}) == 1
        return drafts[-1]

    strategy.draft = last_of_three  # type: ignore[method-assign]
    trials = drive(strategy, toy, 60)
    assert len({trial.candidate.key for trial in trials}) > 48


def test_rounds_say_when_results_first_count(subject: Subject) -> None:
    """Before its first round is over a strategy proposes what it would whatever the results; who
    has none never learns."""
    toy = TowardsTarget(subject, 0)
    strategy = subject.make(10)
    rounds = strategy.rounds()
    assert bool(rounds) == strategy.learns
    first = rounds[0].trials if rounds else 100
    as_it_is, upside_down = (
        [trial.candidate.key for trial in drive(subject.make(10), landscape, 100, window=1)]
        for landscape in (toy, lambda architecture: -1 - toy(architecture))
    )
    assert as_it_is[:first] == upside_down[:first]
    assert (as_it_is != upside_down) == bool(rounds)


def test_genomes_that_are_none_are_refused(subject: Subject) -> None:
    for data in (None, 7, "x", [], {}, [[[]]], {"tree": 1}):
        with pytest.raises(GenomeError):
            subject.space.from_json(data)


def test_mutants_are_valid_and_cells_come_back_from_their_genomes(subject: Subject) -> None:
    space, rng = subject.space, random.Random(9)
    num_changed = 0
    for _ in range(50):
        genome = space.sample(rng)
        mutant = space.mutate(genome, rng)
        assert space.check(mutant) is None
        assert space.from_json(space.to_json(mutant)) == mutant
        architecture = space.decode(mutant)
        num_changed += architecture != space.decode(genome)
        if isinstance(architecture, Cell):
            assert architecture.with_folded_linears() == architecture
        encoded = space.encode(architecture)
        assert encoded is not None
        assert space.decode(encoded) == architecture
    assert num_changed > 40


@pytest.mark.parametrize("num_trials", [200, pytest.param(10_000, marks=pytest.mark.slow)], ids=str)
def test_asking_stays_quick(subject: Subject, num_trials: int) -> None:
    strategy = subject.make(6)
    seconds: list[float] = []
    ask = strategy.ask

    def timed_ask(number: int):
        began = time.process_time()
        proposal = ask(number)
        seconds.append(time.process_time() - began)
        return proposal

    strategy.ask = timed_ask  # type: ignore[method-assign]
    drive(strategy, TowardsTarget(subject, 0), num_trials)
    last = sorted(seconds[-100:])
    assert sum(last) / len(last) < 0.05


def test_finds_better_cells_than_random_search(name: str, subject: Subject) -> None:
    if name.startswith("random") and not name.startswith("random_"):
        pytest.skip("is the baseline")
    strategy_score = random_score = 0.0
    for seed in range(3):
        toy = TowardsTarget(subject, seed)
        assert toy(toy.target) == 0
        baseline = RandomSearch(subject.space, random.Random(seed))
        for strategy in ((subject.learner or subject.make)(seed), baseline):
            trials = drive(strategy, toy, subject.num_trials)
            best = max(trial.fitness for trial in trials) / 3
            if strategy is baseline:
                random_score += best
            else:
                strategy_score += best
    assert random_score < strategy_score <= 0
