"""What a search would take, from what a few of its trials would: arithmetic alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean


@dataclass(frozen=True, slots=True)
class Work:
    """What is left of a run.

    references: the seconds of each reference cell that is still to be trained.
    drawn: the seconds of candidates that stand for all.
    trials: how many are left.
    compute_seconds: what they may take together; None: no limit.
    max_seconds: of one trial; None: no limit.
    """

    references: Sequence[float]
    drawn: Sequence[float]
    trials: int
    compute_seconds: float | None = None
    max_seconds: float | None = None

    @property
    def seconds_a_trial(self) -> float:
        """In the mean; where none was drawn that trains, as long as a reference cell."""
        known = self.drawn or self.references
        return fmean(self._limited(seconds) for seconds in known) if known else 0.0

    @property
    def seconds(self) -> float:
        """Of all trials together."""
        trials = self.trials * self.seconds_a_trial
        if self.compute_seconds is not None:
            trials = min(trials, self.compute_seconds)
        return trials + sum(self._limited(seconds) for seconds in self.references)

    def _limited(self, seconds: float) -> float:
        return seconds if self.max_seconds is None else min(seconds, self.max_seconds)

    def wall_seconds(self, workers: int, start_seconds: float) -> float:
        """From the command to the end, where so many workers are never idle and took so long to
        start."""
        return start_seconds + self.seconds / workers if self.seconds else 0.0
