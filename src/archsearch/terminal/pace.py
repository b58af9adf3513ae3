"""How fast a search goes and when it will be done."""

import time
from collections.abc import Callable


class Pace:
    """Counts only what this process did: trials of an earlier one say how many are left, but a
    resumed search would look far too fast if they counted as done in its own time.

    trials: how many the strategy is asked for in the whole run.
    compute_seconds: limit on the seconds of the trials beside the references, if any; it may end
        the run earlier.
    """

    def __init__(
        self,
        trials: int,
        compute_seconds: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._trials = trials
        self._compute_seconds = compute_seconds
        self._clock = clock
        self._started = self._last_told = clock()
        self._session_told = 0  # reference cells too: they take their time like any other
        self._session_compute = 0.0
        self._proposed = 0
        self._compute = 0.0

    def replayed(self, wall_seconds: float, *, is_reference: bool) -> None:
        """A trial of an earlier process was told."""
        self._count(wall_seconds, is_reference)
        self._started = self._last_told = self._clock()  # reading the archive is no part of it

    def told(self, wall_seconds: float, *, is_reference: bool) -> None:
        """A new trial was told."""
        self._count(wall_seconds, is_reference)
        self._session_told += 1
        self._session_compute += wall_seconds
        self._last_told = self._clock()

    def _count(self, wall_seconds: float, is_reference: bool) -> None:
        if not is_reference:
            self._proposed += 1
            self._compute += wall_seconds

    @property
    def elapsed_seconds(self) -> float:
        return self._clock() - self._started

    def trials_per_hour(self) -> float | None:
        """As of the last trial; None before the first one of this process."""
        took = self._last_told - self._started
        return 3600 * self._session_told / took if self._session_told and took > 0 else None

    def seconds_left(self) -> float | None:
        """Counts down from the estimate made at the last trial; None while nothing is known."""
        per_hour = self.trials_per_hour()
        if per_hour is None:
            return None
        left = max(0, self._trials - self._proposed) * 3600 / per_hour
        if self._compute_seconds is not None and self._session_compute > 0:
            took_per_compute_second = (self._last_told - self._started) / self._session_compute
            compute_left = max(0.0, self._compute_seconds - self._compute)
            left = min(left, compute_left * took_per_compute_second)
        return max(0.0, left - (self._clock() - self._last_told))
