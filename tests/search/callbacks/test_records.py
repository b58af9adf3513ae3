"""What the trials of a run say of it: rewards, and predictors against truth."""

import random
from dataclasses import replace
from statistics import fmean

import pytest
from toy_landscape import NAS_BASE, drive

from archsearch.archive import Status
from archsearch.search.callbacks.rewards import reward_course
from archsearch.search.callbacks.value_pairs import guesses
from archsearch.search.nas_controller import NASController

CONTROLLER = {
    "_target_": "archsearch.search.nas_controller.NASController",
    "reward": "inverse_square_perplexity", "reward_scale": 80.0, "baseline_decay": 0.9,
}  # fmt: skip
GENERATOR = {"_target_": "archsearch.search.rl_generator.RLGenerator", "reward": {"base": 4}}


def test_the_controllers_baseline_is_found_again_from_its_trials() -> None:
    strategy = NASController(NAS_BASE, random.Random(1), baseline_decay=0.9)
    told = drive(strategy, lambda cell: -cell.num_nodes / 10 if cell.num_nodes % 2 else None, 25)
    course = reward_course(CONTROLLER, told)
    assert course is not None
    assert course.middle[-1] == pytest.approx(strategy.status()["baseline"])
    failed = [trial.status is not Status.OK for trial in told]
    assert [reward == 0 for reward in course.rewards] == failed
    assert 0 < sum(failed) < len(failed)


def test_the_generators_rewards_rise_with_fitness_and_have_a_mean_an_update(trials) -> None:
    told = [trials.ok(30.0 - i) for i in range(20)] + [trials.failed(Status.DIVERGED)]
    for i, trial in enumerate(told):
        origin = replace(trial.candidate.origin, details={"update": i // 7})
        told[i] = replace(trial, candidate=replace(trial.candidate, origin=origin))
    course = reward_course(GENERATOR, told)
    assert course is not None
    assert list(course.rewards[:20]) == sorted(course.rewards[:20])
    assert course.rewards[20] == 0
    for first in (0, 7, 14):
        assert course.middle[first : first + 7] == [fmean(course.rewards[first : first + 7])] * 7
    assert reward_course(GENERATOR, told[:1]) is None


def test_a_guess_is_held_against_the_same_training_in_full(trials) -> None:
    whole = [trials.ok(5.0), trials.ok(6.0)]
    other_seed = replace(whole[1], seed=8)
    stopped = [
        replace(trial, metric=metric, details={"predicted": {"epochs_seen": 2}})
        for trial, metric in ((whole[0], 5.5), (other_seed, 6.5))
    ]
    assert guesses(stopped, [*stopped, whole[0]]) == [(5.5, 5.0)]
