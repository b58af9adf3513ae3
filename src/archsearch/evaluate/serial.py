"""Evaluation in this process, one candidate after another."""

import traceback
from collections import deque

from archsearch.archive import Candidate, Trial
from archsearch.failure import Failure
from archsearch.search.executor import (
    EvaluationError,
    Evaluator,
    EvaluatorFactory,
    Executor,
    describe_bug,
)
from archsearch.search.interrupt import Interrupt, Interrupted


class Serial(Executor):
    """Evaluates in the order of submission, with `threads` torch threads (None: as they are).

    It cannot stop a trial from outside: the evaluator keeps the limit of time, and nobody that of
    memory.
    """

    def __init__(self, factory: EvaluatorFactory, *, threads: int | None = 1) -> None:
        if threads is not None and threads < 1:
            raise ValueError(f"threads: expected at least 1, got {threads}")
        self._factory = factory
        self.threads = threads
        self._threads_before: int | None = None
        self._evaluator: Evaluator | None = None
        self._queue: deque[tuple[Candidate, int]] = deque()

    def submit(self, candidate: Candidate, seed: int) -> None:
        self._queue.append((candidate, seed))

    def next_trial(self, interrupt: Interrupt) -> Trial | None:
        try:
            with interrupt.raising():
                trial = self._evaluate(*self._queue[0])
        except Interrupted:
            return None
        self._queue.popleft()
        return trial

    def close(self) -> None:
        self._queue.clear()
        self._evaluator = None
        if self._threads_before is not None:
            import torch

            torch.set_num_threads(self._threads_before)

    def _evaluate(self, candidate: Candidate, seed: int) -> Trial:
        if self._evaluator is None:
            if self.threads is not None:
                import torch  # here, because a process that only has workers does not need it

                self._threads_before = torch.get_num_threads()
                torch.set_num_threads(self.threads)
            self._evaluator = self._factory()
        try:
            return self._evaluator(candidate, seed)
        except Failure:  # no bug: it says what to do
            raise
        except Exception as error:
            raise EvaluationError(describe_bug(candidate, traceback.format_exc())) from error
