"""Two figures of each trial: predictors against truth, and what lies far off."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from archsearch.archive.records import GUESS
from archsearch.findings.pairs import guesses, middle, without_bad

METRICS = st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=50)


def test_a_guess_is_held_against_the_same_training_in_full(trials) -> None:
    whole = [trials.ok(5.0), trials.ok(6.0)]
    other_seed = replace(whole[1], seed=8)
    stopped = [
        replace(trial, metric=metric, details={GUESS: {"epochs_seen": 2, "metric_seen": 9.0}})
        for trial, metric in ((whole[0], 5.5), (other_seed, 6.5))
    ]
    assert guesses(stopped, [*stopped, whole[0]]) == [(5.5, 5.0)]


@given(METRICS, st.booleans())
def test_the_better_half_is_always_shown(metrics: list[float], lower_is_better: bool) -> None:
    bounds = without_bad(metrics, lower_is_better=lower_is_better)
    best_first = sorted(metrics, reverse=not lower_is_better)
    assert all(bounds.has(metric) for metric in best_first[: len(metrics) // 2])


def test_ten_good_cells_beside_many_poor_ones_are_shown() -> None:
    """Bounds from quartiles on both sides called the ten best far off."""
    good, poor = [12.0 + i / 10 for i in range(10)], [30.0 + i / 100 for i in range(50)]
    assert not middle([*good, *poor]).has(12.0)
    bounds = without_bad([*good, *poor, 5000.0], lower_is_better=True)
    assert all(map(bounds.has, [*good, *poor]))
    assert not bounds.has(5000.0)
    scores = [-metric for metric in [*good, *poor, 5000.0]]
    assert all(map(without_bad(scores, lower_is_better=False).has, scores[:-1]))
