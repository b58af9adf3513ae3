"""Arithmetic of forecasts."""

import pytest

from archsearch.forecast import Remaining
from archsearch.wording import time_text


def test_a_run_is_its_references_and_its_trials_shared_by_the_workers() -> None:
    left = Remaining(references=[2.0, 4.0], drawn=[3.0, 5.0], trials=10)
    assert left.seconds_per_trial == 4
    assert left.seconds == 2 + 4 + 10 * 4
    assert left.wall_seconds(workers=2, start_seconds=5) == 5 + 46 / 2


def test_limits_of_time_hold() -> None:
    assert Remaining([], drawn=[30.0, 90.0], trials=4, max_seconds=60).seconds == 4 * 45
    assert Remaining([1.0], drawn=[30.0], trials=4, compute_seconds=50).seconds == 1 + 50


def test_where_no_candidate_trains_the_references_stand_for_them() -> None:
    assert Remaining([2.0, 4.0], drawn=[], trials=2).seconds == 2 + 4 + 2 * 3


def test_a_finished_run_takes_nothing() -> None:
    assert Remaining([], drawn=[5.0], trials=0).wall_seconds(workers=2, start_seconds=9) == 0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(8, "8 s"), (119, "119 s"), (120, "2.0 minutes"), (3600, "60 minutes"), (9000, "2.5 hours"),
     (200_000, "2.3 days")],
)  # fmt: skip
def test_times_read_on_one_line(seconds: float, text: str) -> None:
    assert time_text(seconds) == text
