"""The incremental generator: what it proposes, when its agent learns, and that it does."""

import math
import random
from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from toy_landscape import SMALL_DSL_CORE as SPACE
from toy_landscape import drive

from archsearch.architecture import Architecture
from archsearch.search.expression_agent import ExpressionAgent, Priors
from archsearch.search.reward import RewardScale, SoftExponential
from archsearch.search.rl_generator import PRIORS, RLGenerator
from archsearch.search.tree_policy import TreePolicy
from archsearch.space import DSLSpace
from archsearch.space.expression import Expression, from_prefix

ARITIES = (1, 2, 3, 0, 0)
TARGET = len(ARITIES)


def make_agent(space: DSLSpace = SPACE) -> ExpressionAgent:
    return ExpressionAgent(
        space, random.Random(1), width=32, epsilon=0.05, learning_rate=0.01, clip_norm=1.0
    )


def generator(**options: Any) -> RLGenerator:
    """Without pre-training, unless asked for."""
    return RLGenerator(
        SPACE, random.Random(2), **{"width": 8, "max_pretraining_updates": 0, **options}
    )


def is_tanh_free(architecture: Architecture) -> float:
    return -1.0 if "Tanh" in str(architecture) else 0.0


# --- policy ---


def allowed(tokens: tuple[int, ...]) -> range:
    """Everything in small trees, in larger ones leaves alone."""
    return range(5) if len(tokens) < 8 else range(3, 5)


def encoded(policy: TreePolicy, tokens: tuple[int, ...], at: int = 0) -> tuple[torch.Tensor, int]:
    """As the paper has it: the LSTM over a token and its arguments, again in every node; the target
    stands where the tokens end. The vector, and the index after the subtree."""
    if at == len(tokens):
        return policy.lstm(policy.embedding[TARGET])[0], at + 1
    state = policy.lstm(policy.embedding[tokens[at]])
    arity, at = ARITIES[tokens[at]], at + 1
    while arity and at <= len(tokens):
        vector, at = encoded(policy, tokens, at)
        state = policy.lstm(vector, state)
        arity -= 1
    return state[0], at


def test_probabilities_are_those_of_the_whole_partial_tree_encoded_anew() -> None:
    policy = TreePolicy(ARITIES, 16, torch.Generator().manual_seed(3))
    growths = policy.grow(20, allowed, random.Random(3), epsilon=0.2)
    trees = [growth.tokens for growth in growths]
    assert max(map(len, trees)) > 8
    assert len({len(tree) for tree in trees}) > 3
    for growth, again in zip(growths, policy.recall(trees, allowed, epsilon=0.2), strict=True):
        expected = torch.zeros(())
        for index, token in enumerate(growth.tokens):
            scores = policy.scores(encoded(policy, growth.tokens[:index])[0])
            choices = list(allowed(growth.tokens[:index]))
            chosen = scores[choices].softmax(0)[choices.index(token)]
            expected += (0.8 * chosen + 0.2 / len(choices)).log()
        torch.testing.assert_close(growth.log_probability, expected)
        torch.testing.assert_close(again.log_probability, expected)


# --- agent ---


def share_well_formed(agent: ExpressionAgent) -> float:
    trees = [agent.expression(agent.grow(0.05)) for _ in range(200)]
    return sum(bool(SPACE.memory_places(tree)) for tree in trees) / len(trees)


def test_training_on_priors_makes_most_trees_cells() -> None:
    agent = make_agent()
    before = share_well_formed(agent)
    agent.pretrain(Priors(SPACE, PRIORS, 3, 11), goal=0.9, num_trees=16, max_updates=60)
    assert before < 0.4
    assert share_well_formed(agent) > 0.6


def test_priors_are_counted_as_configured() -> None:
    tree = from_prefix(["Tanh", "Tanh", "x_t"])
    marks = {"well_formed": 0, "depth": 0, "inputs": 0.5, "stacking": 0.5}
    for name, mark in marks.items():
        assert Priors(SPACE, {name: 2.0}, 3, 11)(tree) == mark
    assert Priors(SPACE, {"depth": 3, "inputs": 1}, 1, 2)(tree) == pytest.approx(0.875)
    with pytest.raises(ValueError, match=r"expected weights of well_formed, .*, got deep"):
        Priors(SPACE, {"deep": 1}, 3, 11)


def test_rewards_change_how_often_trees_are_grown() -> None:
    agent = make_agent()
    good, bad = (("Tanh", "Add", "x_t", "h_tm1"), ("ReLU", "Mult", "x_t", "h_tm1"))
    trees = [agent.tokens(from_prefix(tokens)) for tokens in (good, bad)]
    for _ in range(40):
        agent.reinforce(trees, [1.0, -1.0])
    grown = [agent.grow(0.0) for _ in range(100)]
    assert grown.count(trees[0]) > 20
    assert grown.count(trees[1]) == 0


def test_trees_that_growing_would_not_reach_can_teach() -> None:
    """Growing leaves room for all sources; a planted cell may need that room for operators."""
    space = DSLSpace(max_nodes=5)
    planted = from_prefix(["Tanh", "Add", "MM", "x_t", "h_tm1"])
    assert space.check(planted.ordered()) is None
    assert space.max_operators == 1
    agent = make_agent(space)
    agent.reinforce([agent.tokens(planted)], [1.0])


# --- reward ---


def test_reward_is_the_papers() -> None:
    reward = SoftExponential()
    expected = {140: 0, 95: 9, 50: 19, 46: 27.09, 30: 140, 200: 0, -5: 140}
    for loss, value in expected.items():
        assert reward(loss) == pytest.approx(value, abs=0.01)


FITNESS = st.lists(
    st.integers(-50, 50).map(float) | st.just(-math.inf), min_size=3, max_size=8
).filter(lambda fitness: sum(map(math.isfinite, fitness)) >= 2)


@given(st.lists(FITNESS, min_size=1, max_size=6), st.sampled_from([0.01, 1.0, 64.0]))
def test_better_architectures_have_larger_rewards_on_any_scale(
    batches: list[list[float]], unit: float
) -> None:
    scale, other = (RewardScale(SoftExponential(), 20) for _ in range(2))
    for batch in batches:
        rewards, baseline = scale.rewards(batch)
        ranked = [reward for _, reward in sorted(zip(batch, rewards, strict=True))]
        assert all(a <= b + 1e-9 for a, b in pairwise(ranked))
        converted, other_baseline = other.rewards([unit * fitness for fitness in batch])
        assert [*converted, other_baseline] == pytest.approx([*rewards, baseline], abs=1e-3)


# --- strategy ---


def test_every_place_of_the_memory_gets_a_candidate() -> None:
    candidates = [trial.candidate for trial in drive(generator(), is_tanh_free, 80)]
    families: dict[int, list[Expression]] = {}
    for candidate in candidates:
        (first,) = candidate.origin.parents or (candidate.number,)
        families.setdefault(first, []).append(SPACE.from_json(candidate.genome))
    del families[max(families)]  # may be cut short by the end
    assert max(map(len, families.values())) > 2
    for genomes in families.values():
        assert genomes == list(SPACE.memory_places(genomes[0]))


def test_some_places_of_the_memory_if_no_more_may_be_tried() -> None:
    trials = drive(generator(max_memory_places=1), is_tanh_free, 80)
    genomes = [SPACE.from_json(trial.candidate.genome) for trial in trials]
    assert not any(trial.candidate.origin.parents for trial in trials)
    chosen = {SPACE.memory_places(genome).index(genome) for genome in genomes}
    assert len(chosen) > 3
    with pytest.raises(ValueError, match="max_memory_places"):
        generator(max_memory_places=0)


@pytest.mark.parametrize(("max_failed", "batch_size"), [(0, 4), (1, 3)])
def test_a_batch_needs_three_good_architectures_and_counts_one_failed(
    max_failed: int, batch_size: int
) -> None:
    """An agent without training has trees rejected all the time: a failed one is always at hand."""
    strategy = generator(max_failed=max_failed)
    fails = {}

    def every_other(architecture: Architecture) -> float | None:
        return None if fails.setdefault(architecture.key, len(fails) % 2) else 0.0

    trials = drive(strategy, every_other, 150, window=1)
    fitness: dict[int, float] = {}
    for trial in trials:
        (first,) = trial.candidate.origin.parents or (trial.candidate.number,)
        fitness[first] = max(fitness.get(first, -math.inf), trial.fitness)
    *complete, _ = fitness.values()  # the last may be cut short by the end
    num_good = sum(map(math.isfinite, complete))
    assert num_good < len(complete)
    assert strategy.status()["updates"] == num_good // batch_size


def test_only_failures_teach_nothing() -> None:
    strategy = generator()
    drive(strategy, lambda _: None, 60)
    assert strategy.status() == {"updates": 0, "good_in_batch": 0}


def test_what_pays_is_grown_more_often() -> None:
    trials = drive(generator(width=32), is_tanh_free, 240)
    early, late = (sum(t.fitness for t in part) for part in (trials[:80], trials[-80:]))
    assert late > 0.5 * early  # at most half as many with a Tanh


def test_spaces_of_others_are_refused() -> None:
    with pytest.raises(ValueError, match="expected a DSLSpace"):
        RLGenerator(object(), random.Random(1))  # type: ignore[arg-type]
