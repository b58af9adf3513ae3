"""Evaluation in a pool of worker processes, made so that no worker can harm the search.

Python's own pools lose everything when one worker dies, and cannot stop a trial. Here each worker
has a pipe of its own: a worker that dies, hangs or grows too large costs the trial in it, and is
replaced. Workers are spawned, kept from one trial to the next (importing torch takes seconds), and
end with this process, even by kill -9.

They are not forked from a server that has imported torch already, though a worker would then start
at once: multiprocessing has one such server a process, and it keeps the environment that it began
with, while searches that follow each other in one process may differ in data and threads. With
two threads a worker, BLAS has threads of its own after the imports, and who forks should have none.
"""

import atexit
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import ModuleType
from typing import Any

import psutil

from archsearch.archive import Candidate, Status, Trial
from archsearch.failure import Failure
from archsearch.search.executor import EvaluationError, EvaluatorFactory, Executor, describe_bug
from archsearch.search.interrupt import SIGNALS, Interrupt

POLL_SECONDS = 0.1  # how late an interrupt or a broken limit may be noticed
EXIT_SECONDS = 5.0  # from the end of a worker's pipe to that of its process
MAX_FAILED_STARTS = 3  # in a row
MEGABYTE = 2**20


class Report(Enum):
    """What a worker says, with a payload, which is in brackets; it is sent (candidate, seed)."""

    READY = auto()  # the evaluator is made (None)
    UNABLE = auto()  # it cannot be made (traceback)
    TRIAL = auto()  # (the trial)
    FAILURE = auto()  # making it or evaluating met a Failure (its message)
    BUG = auto()  # the evaluator raised (traceback)


@dataclass(slots=True)
class _Worker:
    process: SpawnProcess
    connection: Connection
    ready: bool = False
    task: tuple[Candidate, int] | None = None
    since: float = 0.0  # monotonic time at which the task was handed over

    @property
    def idle(self) -> bool:
        return self.ready and self.task is None

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.since


class Processes(Executor):
    """Evaluates on `workers` processes (None: one for each processor), each of `threads` threads.

    A trial that takes longer than `max_seconds × grace` is stopped: `grace` leaves room for the
    evaluator, which keeps the limit itself but looks at the clock only between steps, and for
    building. One whose worker holds more than `max_memory_mb` is stopped too. The time to start a
    worker and to load its data counts for no trial.
    """

    def __init__(
        self,
        factory: EvaluatorFactory,
        *,
        workers: int | None = None,
        threads: int = 1,
        max_seconds: float | None = None,
        grace: float = 1.5,
        max_memory_mb: float | None = None,
    ) -> None:
        for name, value, least in (
            ("workers", workers, 1), ("threads", threads, 1), ("grace", grace, 1),
            ("max_seconds", max_seconds, 0), ("max_memory_mb", max_memory_mb, 0),
        ):  # fmt: skip
            if value is not None and value < least:
                raise ValueError(f"{name}: expected at least {least}, got {value}")
        self._factory = factory
        self.workers = workers or max(1, (os.cpu_count() or 1) // threads)
        self.threads = self._threads = threads
        self._max_seconds = None if max_seconds is None else max_seconds * grace
        self._max_bytes = None if max_memory_mb is None else max_memory_mb * MEGABYTE
        self._workers: list[_Worker] = []
        self._queue: deque[tuple[Candidate, int]] = deque()
        self._finished: deque[Trial] = deque()
        self._failed_starts = 0
        # multiprocessing joins its children when Python exits; they must have been stopped by then.
        atexit.register(self.close)

    def submit(self, candidate: Candidate, seed: int) -> None:
        self._queue.append((candidate, seed))
        self._hand_out()

    def next_trial(self, interrupt: Interrupt) -> Trial | None:
        while True:
            self._receive()
            self._hand_out()
            if self._finished:
                return self._finished.popleft()
            if interrupt.requested:
                return None
            self._stop_over_limit()
            wait([worker.connection for worker in self._workers], POLL_SECONDS)

    def close(self) -> None:
        while self._workers:
            self._remove(self._workers[-1])
        self._queue.clear()
        atexit.unregister(self.close)

    def _hand_out(self) -> None:
        """Give what is queued to idle workers; start workers where too few are idle or starting."""
        for worker in [worker for worker in self._workers if worker.idle][: len(self._queue)]:
            worker.task, worker.since = self._queue.popleft(), time.monotonic()
            try:
                worker.connection.send(worker.task)
            except OSError:  # it died idle, which is not the candidate's fault
                self._queue.appendleft(worker.task)
                self._remove(worker)
        starting = sum(not worker.ready for worker in self._workers)
        wanted = min(self.workers - len(self._workers), len(self._queue) - starting)
        for _ in range(wanted):
            self._workers.append(_start(self._factory, self._threads))

    def _receive(self) -> None:
        """Take in what workers have said, and notice those that died."""
        for worker in tuple(self._workers):
            try:
                while worker.connection.poll():
                    self._take(worker, *worker.connection.recv())
            except (EOFError, OSError):
                self._bury(worker)

    def _take(self, worker: _Worker, report: Report, payload: Any) -> None:
        if report is Report.FAILURE:
            raise Failure(payload)
        if report is Report.UNABLE:
            raise EvaluationError(f"a worker cannot begin to evaluate\n{payload}")
        if report is Report.READY:
            worker.ready = True
            self._failed_starts = 0
            return
        assert worker.task is not None
        (candidate, _), worker.task = worker.task, None
        if report is Report.BUG:
            raise EvaluationError(describe_bug(candidate, payload))
        self._finished.append(payload)

    def _bury(self, worker: _Worker) -> None:
        """Remove a worker that died by itself."""
        worker.process.join(EXIT_SECONDS)
        how = _describe_exit(worker.process.exitcode)
        if worker.task is not None:
            self._fail(worker, Status.CRASHED, f"the worker process {how}")
        elif not worker.ready:
            self._failed_starts += 1
            if self._failed_starts == MAX_FAILED_STARTS:
                raise EvaluationError(
                    f"{MAX_FAILED_STARTS} workers in a row ended before they could evaluate; the "
                    f"last {how}; what they printed may say why"
                )
        self._remove(worker)

    def _stop_over_limit(self) -> None:
        for worker in tuple(self._workers):
            if worker.task is None:
                continue
            if self._max_seconds is not None and worker.seconds > self._max_seconds:
                cause = f"over the limit of {self._max_seconds:g} s; stopped from outside"
                self._fail(worker, Status.TIMEOUT, cause)
                self._remove(worker)
            elif self._max_bytes is not None and (used := _resident(worker)) > self._max_bytes:
                limit = self._max_bytes / MEGABYTE
                cause = f"the worker held {used / MEGABYTE:.0f} MB; the limit is {limit:g} MB"
                self._fail(worker, Status.OUT_OF_MEMORY, cause)
                self._remove(worker)

    def _fail(self, worker: _Worker, status: Status, cause: str) -> None:
        assert worker.task is not None
        candidate, seed = worker.task
        self._finished.append(Trial.failed(candidate, status, seed, cause, worker.seconds))

    def _remove(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.process.kill()
        worker.process.join()
        worker.connection.close()


def _start(factory: EvaluatorFactory, threads: int) -> _Worker:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, factory), name="archsearch-worker")
    # Python's first spawn starts a helper process and unblocks signals on the way; get it over.
    resource_tracker.ensure_running()
    variables = _environment(OMP_NUM_THREADS=threads, MKL_NUM_THREADS=threads)
    with _signals_blocked(), variables, _no_needless_script(factory):
        process.start()
    theirs.close()
    return _Worker(process, ours)


@contextmanager
def _signals_blocked() -> Iterator[None]:
    """Spawned inside, a worker never hears the signals that end a search: Ctrl-C reaches the whole
    process group, and the main process decides. (Handlers would not do: trainers install theirs.)
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _no_needless_script(factory: EvaluatorFactory) -> Iterator[None]:
    """Spawned inside, a worker runs the user's script, as multiprocessing would have it, only
    where the factory has something from there: a script without `if __name__ == "__main__"` that
    asks for a search would ask for it again in every worker."""
    script = sys.modules["__main__"]
    if b"__main__" not in pickle.dumps(factory):
        sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


@contextmanager
def _environment(**values: int) -> Iterator[None]:
    """What libraries read when a spawned worker imports them."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update({name: str(value) for name, value in values.items()})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _resident(worker: _Worker) -> int:
    """The worker's resident memory in bytes; 0 if it just died."""
    try:
        return int(psutil.Process(worker.process.pid).memory_info().rss)
    except psutil.Error:
        return 0


def _describe_exit(code: int | None) -> str:
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        hint = "; the system may have run out of memory" if name == "SIGKILL" else ""
        return f"was killed by {name}{hint}"
    return "broke off its pipe" if code is None else f"ended with exit code {code}"


def serve(connection: Connection, factory: EvaluatorFactory) -> None:
    """The life of a worker. It ends with the process that started it, however that ends."""
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    try:
        evaluator = factory()
    except Failure as error:
        connection.send((Report.FAILURE, str(error)))
        return
    except BaseException:
        connection.send((Report.UNABLE, traceback.format_exc()))
        return
    connection.send((Report.READY, None))
    while True:
        candidate, seed = connection.recv()
        try:
            connection.send((Report.TRIAL, evaluator(candidate, seed)))
        except Failure as error:
            connection.send((Report.FAILURE, str(error)))
        except BaseException:  # SystemExit too: nothing in an evaluator may end its worker silently
            connection.send((Report.BUG, traceback.format_exc()))


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)
