"""The seam between the loop and what evaluates candidates, in this process or elsewhere."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Self

from archsearch.archive.records import Candidate, Trial
from archsearch.failure import Failure
from archsearch.search.interrupt import Interrupt

# Trains a candidate under a seed. Failures of a known kind come back as trials; what else it raises
# is a bug, but for a Failure, which stops the search with its message.
Evaluator = Callable[[Candidate, int], Trial]

# Makes an evaluator, once in each process that evaluates: data is loaded here. It is pickled.
EvaluatorFactory = Callable[[], Evaluator]


class EvaluationError(Failure, RuntimeError):
    """An evaluator raised, or could not be made: a bug, whose traceback is in the message."""


class Executor(ABC):
    """Evaluates candidates, and gives their trials back as they finish.

    workers: how many it evaluates at a time. threads: torch's of each; None: as they are.
    """

    workers: int = 1
    threads: int | None = None

    @abstractmethod
    def submit(self, candidate: Candidate, seed: int) -> None:
        """Take in a candidate; returns at once."""

    @abstractmethod
    def next_trial(self, interrupt: Interrupt) -> Trial | None:
        """Wait for the next trial. To be called only while some are outstanding.

        None once an interrupt is requested and no finished trial is left to give.

        Raises:
            EvaluationError: an evaluator raised or cannot be made; the search must stop.
            Failure: what an evaluator needs, such as data, is not as needed; the same.
        """

    @abstractmethod
    def close(self) -> None:
        """Stop at once; trials that have not finished are lost."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def describe_bug(candidate: Candidate, traceback: str) -> str:
    """The message of an EvaluationError."""
    return (
        f"evaluating candidate {candidate.number} failed by a bug, not by the cell's own fault\n"
        f"cell: {candidate.architecture}\n{traceback}"
    )
