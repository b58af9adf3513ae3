"""The rewards that a strategy with a policy learnt from, as its configuration and trials tell."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from statistics import fmean
from typing import NamedTuple

from archsearch.archive import Json, Status, Trial
from archsearch.search.reward import REWARDS, SoftExponential, scaled


class RewardCourse(NamedTuple):
    """A value of each for every trial.

    middle: what the rewards are about, and `meaning` says what it is.
    """

    rewards: Sequence[float]
    middle: Sequence[float]
    meaning: str


def reward_course(search: Mapping[str, Json], trials: Sequence[Trial]) -> RewardCourse | None:
    """None for strategies without rewards, and where there are too few trials for any.

    search: the group of a run's configuration.
    trials: the strategy's own.
    """
    kind = str(search["_target_"]).rpartition(".")[2]
    return _COURSES[kind](search, trials) if kind in _COURSES and trials else None


def _of_controller(search: Mapping[str, Json], trials: Sequence[Trial]) -> RewardCourse:
    """Zoph & Le (2016), section 3.2: the baseline is an exponential moving average."""
    rewards = [
        search["reward_scale"] * REWARDS[search["reward"]](trial.fitness)
        if trial.status is Status.OK
        else 0.0
        for trial in trials
    ]
    baseline, baselines = rewards[0], []
    for reward in rewards:
        baseline += (1 - search["baseline_decay"]) * (reward - baseline)
        baselines.append(baseline)
    return RewardCourse(rewards, baselines, "baseline, their exponential moving average")


def _of_generator(search: Mapping[str, Json], trials: Sequence[Trial]) -> RewardCourse | None:
    """The agent's own scale moves with what was found lately, so that rewards on it stay about the
    same; here the best and the worst tenth of the whole run set it."""
    known = [trial.fitness for trial in trials if trial.status is Status.OK]
    if len(known) < 2:
        return None
    names = [field.name for field in fields(SoftExponential)]
    reward = SoftExponential(**{n: v for n, v in search["reward"].items() if n in names})
    rewards = [*map(scaled(reward, known), (trial.fitness for trial in trials))]
    updates = [trial.candidate.origin.details.get("update", 0) for trial in trials]
    means = {
        update: fmean(r for r, u in zip(rewards, updates, strict=True) if u == update)
        for update in set(updates)
    }
    return RewardCourse(
        rewards, [means[update] for update in updates], "mean between two updates of the agent"
    )


_COURSES: Mapping[str, Callable[[Mapping[str, Json], Sequence[Trial]], RewardCourse | None]] = {
    "NASController": _of_controller,
    "RLGenerator": _of_generator,
}
