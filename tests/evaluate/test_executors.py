import signal
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import psutil
import pytest
import toy_evaluators as toys
from toy_search import ToyFactory, toy_cell, toy_run, toy_search, toy_trial, without_times

from archsearch.archive import Archive, Candidate, Origin, Status, Trial
from archsearch.evaluate import Processes, Serial
from archsearch.failure import Failure
from archsearch.search import Ending, Interrupt
from archsearch.search.executor import EvaluationError, Executor


def candidates(count: int) -> list[Candidate]:
    return [
        Candidate(number, toy_cell((number % 3, number // 3)), None, Origin("toy"))
        for number in range(count)
    ]


def evaluate(executor: Executor, count: int) -> dict[int, Trial]:
    """The trials of so many candidates under seed 5, by number."""
    for candidate in candidates(count):
        executor.submit(candidate, 5)
    trials = [executor.next_trial(Interrupt()) for _ in range(count)]
    return {trial.candidate.number: trial for trial in trials if trial is not None}


def children() -> list[psutil.Process]:
    """Of this process, but for Python's own, which live as long as it."""
    return [
        child
        for child in psutil.Process().children(recursive=True)
        if child.status() != psutil.STATUS_ZOMBIE
        and not any(own in str(child.cmdline()) for own in ("resource_tracker", "forkserver"))
    ]


@pytest.fixture(autouse=True)
def no_worker_left() -> Iterator[None]:
    yield
    assert children() == []


EXECUTORS = [partial(Serial, threads=None), partial(Processes, workers=2)]


@pytest.mark.parametrize("make", EXECUTORS)
def test_every_candidate_comes_back_as_its_trial(make: Callable[..., Executor]) -> None:
    with make(ToyFactory()) as executor:
        trials = evaluate(executor, 6)
        again = evaluate(executor, 2)
    expected = [toy_trial(candidate, 5) for candidate in candidates(6)]
    assert without_times([trials[n] for n in range(6)]) == without_times(expected)
    assert without_times([again[n] for n in range(2)]) == without_times(expected[:2])


def test_serial_and_processes_give_equal_archives_in_either_order_of_finishing() -> None:
    archives = []
    for executor in (Serial(ToyFactory(), threads=None), Processes(ToyFactory(0.03), workers=3)):
        with Archive.open("sqlite://", toy_run()) as archive, executor:
            assert toy_search(archive, executor).run(Interrupt()) is Ending.COMPLETE
            archives.append(without_times(archive.trials()))
    assert archives[0] == archives[1]


@pytest.mark.parametrize(
    ("factory", "limits", "status", "cause"),
    [
        (toys.hang_on_candidate_1, {"max_seconds": 0.5}, Status.TIMEOUT, "limit of 0.75 s"),
        (toys.hoard_on_candidate_1, {"max_memory_mb": 300}, Status.OUT_OF_MEMORY, "is 300 MB"),
        (toys.die_on_candidate_1, {}, Status.CRASHED, "killed by SIGSEGV"),
        (toys.leave_on_candidate_1, {}, Status.CRASHED, "exit code 7"),
    ],
)  # fmt: skip
def test_what_stops_a_worker_costs_one_trial(factory, limits, status: Status, cause: str) -> None:
    with Processes(factory, workers=1, **limits) as executor:
        trials = evaluate(executor, 3)
    assert trials[1].status is status
    assert cause in (trials[1].cause or "")
    assert trials[1].seed == 5
    expected = [toy_trial(candidate, 5) for candidate in candidates(3)]
    assert without_times([trials[0], trials[2]]) == without_times([expected[0], expected[2]])


def test_a_worker_killed_while_idle_costs_nothing() -> None:
    with Processes(ToyFactory(), workers=1) as executor:
        evaluate(executor, 1)
        (worker,) = children()
        worker.kill()
        worker.wait()
        trials = evaluate(executor, 3).values()
        assert Status.CRASHED not in {trial.status for trial in trials}


@pytest.mark.parametrize("make", EXECUTORS)
@pytest.mark.parametrize(
    ("factory", "message"),
    [
        (toys.raise_in_evaluator, "candidate 0 failed by a bug(.|\n)*KeyError: 'a bug in the eval"),
        (toys.raise_in_factory, "no data for the evaluator"),
    ],
)
def test_a_bug_travels_with_its_traceback(make, factory, message: str) -> None:
    with make(factory) as executor:
        executor.submit(candidates(1)[0], 5)
        with pytest.raises(RuntimeError, match=message):
            executor.next_trial(Interrupt())


@pytest.mark.parametrize("make", EXECUTORS)
@pytest.mark.parametrize("factory", [toys.fail_in_evaluator, toys.fail_in_factory])
def test_what_is_wrong_with_the_data_is_no_bug_and_said_as_it_is(make, factory) -> None:
    with make(factory) as executor:
        executor.submit(candidates(1)[0], 5)
        with pytest.raises(Failure, match=r"^3 lines are too few; add some$") as caught:
            executor.next_trial(Interrupt())
        assert not isinstance(caught.value, EvaluationError)


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        (toys.exit_in_evaluator, "SystemExit: no way out"),
        (toys.return_what_cannot_travel, "pickle"),
        (toys.die_in_factory, "3 workers in a row ended .* exit code 3"),
    ],
)
def test_no_bug_in_a_worker_passes_for_a_crash(factory, message: str) -> None:
    with Processes(factory, workers=1) as executor:
        executor.submit(candidates(1)[0], 5)
        with pytest.raises(EvaluationError, match=message):
            executor.next_trial(Interrupt())


@pytest.mark.parametrize("make", EXECUTORS)
def test_an_interrupt_stops_the_waiting(make: Callable[..., Executor]) -> None:
    with make(toys.hang) as executor, Interrupt() as interrupt:
        executor.submit(candidates(1)[0], 5)
        main = threading.main_thread().ident
        press = threading.Timer(0.3, signal.pthread_kill, [main, signal.SIGINT])
        press.start()
        start = time.monotonic()
        assert executor.next_trial(interrupt) is None
        assert time.monotonic() - start < 20
        press.join()


def test_a_finished_trial_still_comes_after_an_interrupt() -> None:
    with Processes(ToyFactory(), workers=1) as executor, Interrupt() as interrupt:
        evaluate(executor, 1)
        executor.submit(candidates(1)[0], 5)
        (worker,) = executor._workers
        assert worker.connection.poll(30), "the trial must have arrived"
        signal.raise_signal(signal.SIGINT)
        assert executor.next_trial(interrupt) is not None
        assert executor.next_trial(interrupt) is None


def test_workers_have_their_threads_and_leave_signals_to_the_main_process() -> None:
    with Processes(toys.report_environment, workers=1, threads=1) as executor:
        assert evaluate(executor, 1)[0].cause == "1 ['SIGINT', 'SIGTERM']"


@pytest.mark.parametrize("option", ["workers", "threads", "grace", "max_seconds"])
def test_senseless_options_are_refused(option: str) -> None:
    with pytest.raises(ValueError, match=f"{option}: expected at least .*, got -1"):
        Processes(ToyFactory(), **{option: -1})
