"""The search: ask, evaluate, archive, tell, until the run has what it was given.

One rule holds for every executor, for ordered and asynchronous runs and for those that go on:
after each trial, ask until `window` candidates are in flight or the strategy wants results first.
So what is asked depends on the order of the told trials alone, and the archive is that order. To
go on with a run is to tell its archive again, then to evaluate what is in flight and unarchived.
"""

import hashlib
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from archsearch.architecture import Architecture
from archsearch.archive import (
    REFERENCE,
    UNTRAINABLE,
    Archive,
    ArchiveError,
    Candidate,
    Lesson,
    Origin,
    Status,
    Trial,
)
from archsearch.archive.tables import proposal_columns
from archsearch.failure import Failure
from archsearch.search.callback import Callback, Ending
from archsearch.search.executor import Executor
from archsearch.search.interrupt import Interrupt
from archsearch.search.protocol import Strategy


class ReferencesFailed(Failure):
    """No reference can be trained at all, and nothing else could so far."""


class StrategyError(RuntimeError):
    """A strategy broke its contract: a bug in it."""


class Search:
    """A run of a strategy, from its first candidate or from where its archive ends.

    Ordered runs tell trials in the order of the asks, so equal runs have equal archives whatever
    the executor; `asynchronous` ones tell them as they finish, and no worker waits for another.
    References are evaluated first, archived and never told to the strategy. A candidate whose key
    was evaluated before in the run gets that trial's result, unless the worker then crashed, which
    need not be the cell's fault.

    References of which none can be trained, for its size or its memory, end the run at once:
    nothing that a strategy proposes would fare better. One that diverges may.

    The run ends after `trials` trials beside the references, or earlier, once the told ones cost
    `compute_seconds` together. A finished run goes on where a later one allows more.
    """

    def __init__(
        self,
        strategy: Strategy,
        executor: Executor,
        archive: Archive,
        *,
        references: Mapping[str, Architecture],
        seed: int,
        trials: int,
        window: int = 8,
        asynchronous: bool = False,
        compute_seconds: float | None = None,
        callbacks: Sequence[Callback] = (),
    ) -> None:
        for name, value in (("trials", trials), ("window", window)):
            if value < 1:
                raise ValueError(f"{name}: expected at least 1, got {value}")
        if compute_seconds is not None and not compute_seconds > 0:
            raise ValueError(f"compute_seconds: expected more than 0, got {compute_seconds}")
        self._strategy = strategy
        self._executor = executor
        self._archive = archive
        self._references = tuple(references.items())
        self._seed = seed
        self._trials = trials
        self._window = window
        self._asynchronous = asynchronous
        self._compute_seconds = compute_seconds
        self._callbacks = tuple(callbacks)

        self._asked = 0  # candidates, references among them
        self._ask_limit = len(self._references) + trials
        self._told = 0  # trials beside the references
        self._told_seconds = 0.0
        self._told_references: list[Trial] = []
        self._in_flight: dict[int, Candidate] = {}  # asked, not told; by number, rising
        self._launched: set[int] = set()  # in flight, and with the executor or finished
        self._finished: dict[int, Trial] = {}  # in flight, and only waiting for their turn
        self._known: dict[str, Trial] = {}  # told, evaluated; by key
        self._evaluating: set[str] = set()  # keys of launched candidates that reuse no trial
        self._recalled: dict[int, Candidate] = {}  # by number: what a replay will ask for again

        # Where the time of `run` went: ask, tell, archive, callbacks; and wait, for the executor.
        self.seconds: defaultdict[str, float] = defaultdict(float)

    def run(self, interrupt: Interrupt) -> Ending:
        """Search until the run is complete or interrupted.

        Raises:
            ArchiveError: the archive fails, or is not of this strategy under this configuration.
            EvaluationError: a bug in the evaluation.
            ReferencesFailed: none of them can be trained under the budget.
            StrategyError: a bug in the strategy.
        """
        ending = Ending.FAILED
        try:
            for callback in self._callbacks:
                callback.on_start(self._archive.run, self._trials)
            self._replay()
            ending = self._go_on(interrupt)
        finally:
            for callback in self._callbacks:
                callback.on_end(ending)
        return ending

    def _replay(self) -> None:
        archived, early = self._archive.trials(), self._archive.early_trials()
        # Where `trials` was larger before, more was asked for.
        self._recalled = {t.candidate.number: t.candidate for t in (*archived, *early)}
        self._ask_limit = max(self._ask_limit, 1 + max(self._recalled, default=-1))
        self._ask()
        learnt: list[Lesson] = []
        for trial in archived:
            told = self._claim(trial)
            lessons = self._tell(told)
            learnt += lessons
            with self._timed("callbacks"):
                figures = self._strategy.status()
                for callback in self._callbacks:
                    callback.on_replay(told, figures)
                    callback.on_lessons(lessons)
            self._ask()
        self._archive.learn(learnt)  # what an interruption, or an earlier schema, has left out
        for trial in early:
            self._finish(self._claim(trial))

    def _go_on(self, interrupt: Interrupt) -> Ending:
        while not self._complete():
            self._check_references()
            self._launch()
            trial = self._next_trial(interrupt)
            if trial is None:
                return Ending.INTERRUPTED
            with self._timed("archive"):
                self._archive.append(trial)
            lessons = self._tell(trial)
            with self._timed("archive"):
                self._archive.learn(lessons)
            with self._timed("callbacks"):
                figures = self._strategy.status()
                for callback in self._callbacks:
                    callback.on_trial(trial, figures)
                    callback.on_lessons(lessons)
            if not interrupt.requested:
                self._ask()
        return Ending.COMPLETE

    def _check_references(self) -> None:
        told = self._told_references
        if len(told) < len(self._references) or not told:
            return
        none_can_be_trained = all(trial.status in UNTRAINABLE for trial in told)
        if none_can_be_trained and not any(t.status is Status.OK for t in self._known.values()):
            causes = "; ".join(f"{t.origin.reference}: {t.cause}" for t in told)
            raise ReferencesFailed(
                f"no reference can be trained under this budget ({causes}); try another budget, "
                "references=[], or, with more memory, another directory: hydra.run.dir=…"
            )

    def _complete(self) -> bool:
        if any(candidate.is_reference for candidate in self._in_flight.values()):
            return False
        spent = self._compute_seconds is not None and self._told_seconds >= self._compute_seconds
        return spent or self._told >= self._trials

    def _ask(self) -> None:
        """Ask until the window is full, or the strategy wants results first."""
        while len(self._in_flight) < self._window and self._asked < self._ask_limit:
            candidate = self._next_candidate(self._asked)
            if candidate is None:
                return
            self._in_flight[candidate.number] = candidate
            self._asked += 1

    def _next_candidate(self, number: int) -> Candidate | None:
        if number < len(self._references):
            name, cell = self._references[number]
            return Candidate(number, cell, None, Origin.of_reference(name))
        with self._timed("ask"):
            if number in self._recalled:
                proposal = self._strategy.recall(self._recalled.pop(number))
            else:
                proposal = self._strategy.ask(number)
        strategy = type(self._strategy).__name__
        if proposal is None:
            if all(candidate.is_reference for candidate in self._in_flight.values()):
                raise StrategyError(f"{strategy} proposes nothing although it was told everything")
            return None
        if proposal.origin.operation == REFERENCE:
            raise StrategyError(f"{strategy} proposes {proposal}, but references are the loop's")
        return Candidate(
            number,
            proposal.architecture,
            proposal.genome,
            proposal.origin,
            proposal.hyperparameters,
        )

    def _launch(self) -> None:
        """Begin what is in flight; a candidate whose twin is being evaluated waits for it."""
        for number, candidate in self._in_flight.items():
            if number in self._launched or candidate.key in self._evaluating:
                continue
            self._launched.add(number)
            if candidate.key in self._known:
                self._finished[number] = self._known[candidate.key].reuse(candidate)
            else:
                self._evaluating.add(candidate.key)
                self._executor.submit(candidate, trial_seed(self._seed, candidate.key))
                with self._timed("callbacks"):
                    for callback in self._callbacks:
                        callback.on_launch(candidate)

    def _next_trial(self, interrupt: Interrupt) -> Trial | None:
        """The trial to tell next; None if interrupted before it finished."""
        while (number := self._turn()) not in self._finished:
            with self._timed("wait"):
                trial = self._executor.next_trial(interrupt)
            if trial is None:
                return None
            candidate = self._in_flight[trial.candidate.number]
            self._finish(replace(trial, candidate=candidate))
            if candidate.number != self._turn():
                with self._timed("archive"):
                    self._archive.append_early(trial)
        assert number is not None
        return self._finished[number]

    def _turn(self) -> int | None:
        """The number of the candidate to tell next, if that is certain already."""
        return next(iter(self._finished if self._asynchronous else self._in_flight), None)

    def _finish(self, trial: Trial) -> None:
        """Note an evaluated trial whose turn may not have come."""
        candidate = trial.candidate
        self._launched.add(candidate.number)
        self._evaluating.add(candidate.key)
        self._finished[candidate.number] = trial

    def _tell(self, trial: Trial) -> Sequence[Lesson]:
        """Take a trial out of flight, remember it, and let the strategy hear of it: what it learns
        is given back."""
        candidate = trial.candidate
        del self._in_flight[candidate.number]
        self._launched.discard(candidate.number)
        self._finished.pop(candidate.number, None)
        if trial.reused_from is None:
            self._evaluating.discard(candidate.key)
            if trial.status is not Status.CRASHED:
                self._known[candidate.key] = trial
        if candidate.is_reference:
            self._told_references.append(trial)
            return ()
        self._told += 1
        self._told_seconds += trial.wall_seconds
        with self._timed("tell"):
            self._strategy.tell(trial)
            return self._strategy.lessons()

    def _claim(self, trial: Trial) -> Trial:
        """An archived trial as that of the candidate which was asked for under its number."""
        archived = trial.candidate
        asked = self._in_flight.get(archived.number)
        if asked is None or proposal_columns(asked) != proposal_columns(archived):
            got = "no such candidate" if asked is None else f"{asked.origin} {asked.architecture}"
            raise ArchiveError(
                f"the archive does not fit the strategy: candidate {archived.number} was "
                f"{archived.origin} {archived.architecture}, but is now {got}; go on with the "
                f"revision that began the run, or begin again with hydra.run.dir=…"
            )
        return replace(trial, candidate=asked)

    @contextmanager
    def _timed(self, activity: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[activity] += time.perf_counter() - start


def trial_seed(run_seed: int, key: str) -> int:
    """The seed of every evaluation of a cell in a run: 32 bits, which all generators accept."""
    digest = hashlib.sha256(f"{run_seed}:{key}".encode()).digest()
    return int.from_bytes(digest[:4])
