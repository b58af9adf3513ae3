import random
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from toy_landscape import drive

from archsearch.archive import Lesson, Status, Trial
from archsearch.search.controller_network import ControllerNetwork
from archsearch.search.nas_controller import NASController
from archsearch.space import ConvSpace, GPTreeSpace, NASBaseSpace
from archsearch.space.decisions import Choice, Decision, Decisions, DecisionSpace, Size

BASE_2 = NASBaseSpace(2)
CONV = ConvSpace(
    min_layers=2,
    max_layers=3,
    filter_heights=[3],
    filter_widths=[3],
    num_filters=[24, 36],
    layer_types=["conv", "max_pool"],
    pool_sizes=[2],
    learning_rates=[0.1, 0.01],
)


def controller(space: DecisionSpace = BASE_2, seed: int = 1, **parameters: Any) -> NASController:
    return NASController(space, random.Random(seed), **parameters)


def network(space: DecisionSpace, init_range: float = 0.08) -> ControllerNetwork:
    generator = torch.Generator().manual_seed(1)
    return ControllerNetwork(space.vocabulary, 35, 2, init_range, generator)


def every_genome(space: DecisionSpace, begun: Decisions = ()) -> Iterator[Decisions]:
    """All genomes of a small space, by answering the first open question in every way."""

    class Open(Exception):
        pass

    given = iter(begun)

    def answer(question: Any) -> Decision:
        for decision in given:
            return decision
        raise Open(question)

    try:
        yield space.decide(answer)
    except Open as found:
        (question,) = found.args
        if isinstance(question, Choice):
            decisions: list[Decision] = [*question.options]
        elif isinstance(question, Size):
            decisions = [*range(question.low, question.high + 1)]
        else:
            subsets = range(2**question.place)
            decisions = [
                tuple(i for i in range(question.place) if subset >> i & 1) for subset in subsets
            ]
        for decision in decisions:
            yield from every_genome(space, (*begun, decision))


def test_probabilities_of_all_genomes_sum_to_one_and_are_those_of_the_draws() -> None:
    policy = network(CONV, init_range=2.0)
    generator = torch.Generator().manual_seed(2)
    for size, num_genomes in ((2, 2 * 3**2 * 2), (3, 2 * 3**3 * 2**3)):
        genomes = list(every_genome(CONV, (size,)))
        with torch.no_grad():
            log_probabilities = policy.log_probabilities([CONV.steps(genome) for genome in genomes])
        probabilities = log_probabilities.exp()
        assert len(genomes) == num_genomes
        assert probabilities.sum().item() == pytest.approx(1, abs=1e-4)
        assert probabilities.max() > 4 / num_genomes  # far from uniform
        # The mean surprise at draws is the entropy, but for chance.
        drawn = [log_probabilities[genomes.index(policy.sample(CONV, size, generator))]
                 for _ in range(200)]  # fmt: skip
        entropy = -(probabilities * log_probabilities).sum()
        assert -torch.stack(drawn).mean().item() == pytest.approx(entropy.item(), abs=0.35)


def test_weights_begin_small_and_without_the_global_generator() -> None:
    before = torch.random.get_rng_state()
    policy = network(BASE_2)
    assert torch.equal(torch.random.get_rng_state(), before)
    weights = torch.cat([parameter.flatten() for parameter in policy.parameters()])
    assert weights.abs().max().item() == pytest.approx(0.08, rel=0.01)
    assert weights.std().item() == pytest.approx(0.16 / 12**0.5, rel=0.05)  # uniform
    assert policy.lstm.hidden_size == 35
    assert policy.lstm.num_layers == 2


def share(trials: list[Trial], position: int, decision: Decision) -> float:
    return sum(t.candidate.genome[position] == decision for t in trials) / len(trials)


ROOT_ACTIVATION = 5


def test_learns_which_decisions_are_rewarded() -> None:
    trials = drive(
        controller(learning_rate=0.02, gradients_per_step=4),
        lambda cell: -1.0 if "h_t = Tanh" in str(cell) else -2.0,
        200,
    )
    assert share(trials[:40], ROOT_ACTIVATION, "tanh") < 0.5
    assert share(trials[-40:], ROOT_ACTIVATION, "tanh") > 0.8


def test_failed_trials_have_no_reward() -> None:
    strategy = controller(learning_rate=0.02, gradients_per_step=4)
    trials = drive(strategy, lambda cell: -1.0 if "h_t = Tanh" in str(cell) else None, 200)
    assert share(trials[-40:], ROOT_ACTIVATION, "tanh") > 0.8


def test_learns_connections_and_sizes_are_given_by_the_schedule() -> None:
    space = ConvSpace(min_layers=2, max_layers=5, num_filters=[24], filter_heights=[3])
    strategy = controller(
        space,
        learning_rate=0.02,
        gradients_per_step=4,
        initial_size=1,
        size_step=1,
        samples_per_size=40,
    )
    trials = drive(strategy, lambda net: -1.0 if 0 in net.layers[1].inputs else -2.0, 240)
    by_number = sorted(trials, key=lambda trial: trial.candidate.number)
    sizes = [trial.candidate.genome[0] for trial in by_number]
    # 1 and 6 are outside the space.
    assert sizes == [2] * 80 + [3] * 40 + [4] * 40 + [5] * 80
    connected = [0 in trial.candidate.architecture.layers[1].inputs for trial in by_number]
    assert sum(connected[:40]) < 30
    assert sum(connected[-40:]) > 35


def test_a_step_takes_the_gradients_of_several_trials() -> None:
    strategy = controller(gradients_per_step=10)
    drive(strategy, lambda cell: random.Random(cell.key).uniform(-3, -1), 25)
    assert strategy.status()["step"] == 2


@pytest.mark.parametrize(
    ("reward", "fitness", "expected"),
    [("inverse_square_perplexity", -4.382026634673881, 80 / 80**2), ("cubed", 0.5, 80 * 0.125)],
)
def test_rewards(reward: Any, fitness: float, expected: float) -> None:
    strategy = controller(reward=reward)
    drive(strategy, lambda cell: fitness, 1)
    assert strategy.status()["baseline"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("reward", "fitness", "message"),
    [
        ("cubed", -2.0, r"got -2\.0: choose search\.reward=inverse_square_perplexity"),
        ("inverse_square_perplexity", 0.9, r"got 0\.9: choose search\.reward=cubed"),
    ],
)
def test_a_fitness_of_another_kind_is_refused(reward: Any, fitness: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        drive(controller(reward=reward), lambda cell: fitness, 1)


@pytest.mark.parametrize(("max_mutations", "are_new"), [(0, False), (20, True)])
def test_repeats_are_mutated_where_that_is_asked_for(max_mutations: int, are_new: bool) -> None:
    strategy = controller(learning_rate=0.1, gradients_per_step=1, max_mutations=max_mutations)
    trials = drive(strategy, lambda cell: -1.0 if "h_t = Tanh" in str(cell) else -2.0, 80)
    keys = [trial.candidate.key for trial in trials]
    assert (len(set(keys)) == len(keys)) == are_new


@pytest.mark.parametrize(
    ("space", "parameters", "message"),
    [
        (GPTreeSpace(), {}, r"cell_space=nas_base or conv\), got GPTreeSpace"),
        (BASE_2, {"hidden_size": 0}, "hidden_size: expected an integer 1 or more, got 0"),
        (BASE_2, {"reward": "accuracy"}, "reward: expected one of inverse_square_perplexity, cub"),
        (BASE_2, {"baseline_decay": 2}, "baseline_decay: expected a number between 0 and 1"),
    ],
)
def test_what_it_cannot_work_with(space: Any, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        controller(space, **parameters)


def test_a_lesson_has_the_reward_and_the_baseline_that_it_was_held_against() -> None:
    strategy, learnt = controller(baseline_decay=0.9, reward_scale=80.0), list[Lesson]()
    odd = lambda cell: -cell.num_nodes / 10 if cell.num_nodes % 2 else None  # noqa: E731
    told = drive(strategy, odd, 25, learnt=learnt)
    assert [lesson.number for lesson in learnt] == [trial.number for trial in told]
    failed = [trial.status is not Status.OK for trial in told]
    assert [lesson.reward == 0 for lesson in learnt] == failed
    assert 0 < sum(failed) < len(failed)
    last = learnt[-1]
    after = last.baseline + 0.1 * (last.reward - last.baseline)
    assert strategy.status()["baseline"] == pytest.approx(after)
