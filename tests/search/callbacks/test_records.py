"""What the trials of a run say of it: predictors against truth."""

from dataclasses import replace

from archsearch.archive.records import GUESS
from archsearch.search.callbacks.value_pairs import guesses


def test_a_guess_is_held_against_the_same_training_in_full(trials) -> None:
    whole = [trials.ok(5.0), trials.ok(6.0)]
    other_seed = replace(whole[1], seed=8)
    stopped = [
        replace(trial, metric=metric, details={GUESS: {"epochs_seen": 2, "metric_seen": 9.0}})
        for trial, metric in ((whole[0], 5.5), (other_seed, 6.5))
    ]
    assert guesses(stopped, [*stopped, whole[0]]) == [(5.5, 5.0)]
