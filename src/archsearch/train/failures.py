"""How a training can fail for reasons of its architecture: data for the search, not bugs."""

from archsearch.archive import Epoch


class TrainingFailure(Exception):
    """A training that its architecture or the budget's limits ended; the message says why."""

    curve: tuple[Epoch, ...] = ()  # of the epochs before
    num_params: int | None = None


class Diverged(TrainingFailure):
    """Loss, gradient or metric is not finite, or the metric is over the task's limit."""

    def __init__(self, epoch: int, step: int | None, reason: str) -> None:
        """Epochs and steps (segments) count from 1; step None: found by validation."""
        where = f"epoch {epoch}" if step is None else f"epoch {epoch}, step {step}"
        super().__init__(f"{reason} ({where})")


class TimeLimit(TrainingFailure):
    """The budget's `max_seconds` are over."""


class TooManyParameters(TrainingFailure):
    """The network would have more parameters than the budget's `max_params`."""
