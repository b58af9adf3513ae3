"""Predictors of learning curves behind their seam: what all promise, and what each is."""

import math
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_curves import toy_curve, toy_curves

from archsearch.predictor import CurvePredictor
from archsearch.predictor.configured import configured_predictor
from archsearch.predictor.curve_forest import least_percentage_error
from archsearch.predictor.curve_inputs import at_speed
from archsearch.predictor.curves import WORST_FITNESS, as_table
from archsearch.predictor.meta_lstm import percentage_error

# Small enough for tests; what they are is conf/predictor/'s own.
QUICK = {
    "last_value": {},
    "svr": {"c": [10.0], "nu": [0.5], "gamma": [0.3]},
    "curve_forest": {"num_trees": 20},
    "meta_lstm": {
        "first": {"num_networks": 2, "passes": 15, "hidden_size": 8},
        "second": {"num_trees": 5},
        "share": 0.5,
    },
}

LEARNING = tuple(QUICK)[1:]


def fitted(name: str, curves, seed: int = 1, **numbers) -> CurvePredictor:
    predictor = configured_predictor(name, QUICK[name] | numbers)
    predictor.fit(curves, seed)
    return predictor


@pytest.fixture(scope="module", params=QUICK)
def trained(request) -> tuple[str, CurvePredictor]:
    return request.param, fitted(request.param, toy_curves(60, seed=1))


@settings(max_examples=50, deadline=None)
@given(
    starts=st.lists(
        st.lists(st.floats(-1e300, 10) | st.just(-math.inf) | st.just(math.nan), max_size=12),
        max_size=5,
    )
)
def test_whatever_the_start_the_guess_is_finite_and_depends_on_what_was_seen_alone(trained, starts):
    _, predictor = trained
    guesses = predictor.predict(starts)
    assert guesses.shape == (len(starts),)
    assert np.isfinite(guesses).all()
    assert guesses.tolist() == predictor.predict([start[:10] for start in starts]).tolist()


def test_each_start_is_guessed_as_if_it_were_alone(trained) -> None:
    _, predictor = trained
    starts = [curve[:10] for curve in toy_curves(7, seed=2)]
    alone = [predictor.predict([start])[0] for start in starts]
    assert predictor.predict(starts) == pytest.approx(alone, abs=1e-5)


def test_a_predictor_restored_from_its_state_guesses_the_same(trained) -> None:
    name, predictor = trained
    starts = [curve[:10] for curve in toy_curves(9, seed=2)]
    again = configured_predictor(name, QUICK[name])
    again.restore(predictor.state())
    assert again.predict(starts).tolist() == predictor.predict(starts).tolist()
    copy = pickle.loads(pickle.dumps(predictor))  # as it travels to worker processes
    assert copy.predict(starts).tolist() == predictor.predict(starts).tolist()
    with pytest.raises(ValueError, match="state of a"):
        again.restore({"something": np.zeros(3)})


@pytest.mark.parametrize("name", LEARNING)
def test_trained_predictors_halve_the_error_of_the_last_value(name: str) -> None:
    tested = [curve for curve in toy_curves(60, seed=2) if len(curve) == 40]
    starts, true = [curve[:10] for curve in tested], [curve[-1] for curve in tested]
    plain = np.abs(fitted("last_value", []).predict(starts) - true).mean()
    error = np.abs(fitted(name, toy_curves(200, seed=1)).predict(starts) - true).mean()
    assert error < plain / 2


def test_a_start_that_failed_is_guessed_to_end_as_failed(trained) -> None:
    _, predictor = trained
    good = toy_curve(5, 1, 0.5)[:10]
    failed = [[*good[:3], math.nan, *good[4:]], [*good[:9], -math.inf], good[:9], []]
    assert predictor.predict(failed).tolist() == [WORST_FITNESS] * 4


@pytest.mark.parametrize("name", LEARNING)
def test_too_few_curves_and_too_early_guesses_are_errors(name: str) -> None:
    with pytest.raises(ValueError, match="expected 5 or more to learn from, got 4"):
        fitted(name, toy_curves(4, seed=1))
    with pytest.raises(ValueError, match="learnt nothing yet"):
        configured_predictor(name, QUICK[name]).predict([[1.0]])


@pytest.mark.parametrize("name", QUICK)
def test_any_number_of_epochs_may_be_seen_and_guessed(name: str) -> None:
    predictor = fitted(name, toy_curves(20, seed=1), num_seen=1, num_epochs=3)
    assert predictor.predict([[-5.0]]).shape == (1,)
    with pytest.raises(ValueError, match="num_epochs: expected more than num_seen=3"):
        configured_predictor(name, {"num_seen": 3, "num_epochs": 3})


def guesses_after_learning() -> list[list[float]]:
    """Of each predictor, for the same curves after the same curves."""
    predictors = [fitted(name, toy_curves(30, seed=1)) for name in QUICK]
    return [predictor.predict(toy_curves(3, seed=2)).tolist() for predictor in predictors]


def test_equal_seeds_learn_the_same_in_any_process() -> None:
    program = (
        "import torch; torch.manual_seed(2);"
        "from test_curves import guesses_after_learning; print(guesses_after_learning())"
    )
    environment = {"PYTHONHASHSEED": "2", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parent,
        env=os.environ | environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == str(guesses_after_learning())


def test_another_seed_learns_something_else() -> None:
    curves = toy_curves(30, seed=1)
    first, second = (fitted("meta_lstm", curves, seed).state() for seed in (1, 2))
    assert any(not np.array_equal(first[name], second[name]) for name in first)


def test_a_table_is_cut_continued_and_bounded() -> None:
    curves = [[1.0, 2, 3, 4], [1.0], [1.0, math.nan, 3], [-50.0, 2, 3]]
    assert as_table(curves, 3, -9.0).tolist() == [[1, 2, 3], [1, -9, -9], [1, -9, -9], [-9, 2, 3]]


def test_percentage_error_is_that_of_perplexities() -> None:
    guessed = torch.tensor([math.log(2.0), -math.log(3.0), -10.0])
    errors = percentage_error(guessed, torch.zeros(3))
    assert errors[:2].tolist() == pytest.approx([0.5, 2.0])
    assert errors[2] < math.exp(10) - 1  # far off, it grows no faster than a line


def test_a_forest_guesses_what_errs_least_over_what_may_follow() -> None:
    change = np.array([0.0, 0.0, 0.0, 1.2])  # three curves stand still, one takes off
    for likeness in ([3.0, 3, 3, 1], [1.0, 1, 1, 1], [1.0, 0, 0, 1]):
        grid = np.linspace(0, 1.2, 121)
        errors = np.abs(np.expm1(change - grid[:, None])) @ likeness  # |guess − truth| / truth
        guess = least_percentage_error(change, np.array([likeness]))
        assert guess == pytest.approx(grid[errors.argmin()])


def test_a_slowed_curve_takes_longer_for_the_same_way() -> None:
    curves = torch.tensor([[0.0, 2, 4, 6, 8], [0.0, 2, 4, 6, 8]])
    slower = at_speed(curves, torch.tensor([1.0, 0.25]))
    assert slower.tolist() == [[0, 2, 4, 6, 8], [0, 0.5, 1, 1.5, 2]]
