"""Evaluators that misbehave, for worker processes to import. Each of these is a factory."""

import os
import signal
import time

from toy_search import toy_trial

from archsearch.archive import Candidate, Trial
from archsearch.data import DataError
from archsearch.search.executor import Evaluator

MEGABYTE = 2**20


def hang() -> Evaluator:
    return lambda candidate, seed: time.sleep(60)


def hang_on_candidate_1() -> Evaluator:
    def evaluate(candidate: Candidate, seed: int) -> Trial:
        if candidate.number == 1:
            time.sleep(60)
        return toy_trial(candidate, seed)

    return evaluate


def hoard_on_candidate_1() -> Evaluator:
    def evaluate(candidate: Candidate, seed: int) -> Trial:
        hoard = []
        while candidate.number == 1:
            hoard.append(b"x" * (16 * MEGABYTE))
            time.sleep(0.02)
        return toy_trial(candidate, seed)

    return evaluate


def die_on_candidate_1() -> Evaluator:
    def evaluate(candidate: Candidate, seed: int) -> Trial:
        if candidate.number == 1:
            os.kill(os.getpid(), signal.SIGSEGV)
        return toy_trial(candidate, seed)

    return evaluate


def leave_on_candidate_1() -> Evaluator:
    def evaluate(candidate: Candidate, seed: int) -> Trial:
        if candidate.number == 1:
            os._exit(7)
        return toy_trial(candidate, seed)

    return evaluate


def raise_in_evaluator() -> Evaluator:
    def evaluate(candidate: Candidate, seed: int) -> Trial:
        raise KeyError("a bug in the evaluator")

    return evaluate


def fail_in_evaluator() -> Evaluator:
    def evaluate(candidate: Candidate, seed: int) -> Trial:
        raise DataError("3 lines are too few; add some")

    return evaluate


def fail_in_factory() -> Evaluator:
    raise DataError("3 lines are too few; add some")


def exit_in_evaluator() -> Evaluator:
    def evaluate(candidate: Candidate, seed: int) -> Trial:
        raise SystemExit("no way out")

    return evaluate


def return_what_cannot_travel() -> Evaluator:
    return lambda candidate, seed: lambda: None


def raise_in_factory() -> Evaluator:
    raise RuntimeError("no data for the evaluator")


def die_in_factory() -> Evaluator:
    os._exit(3)


def report_environment() -> Evaluator:
    """Says in `cause` how a worker stands: its threads, and which signals it does not hear."""
    import torch

    def evaluate(candidate: Candidate, seed: int) -> Trial:
        blocked = sorted(s.name for s in signal.pthread_sigmask(signal.SIG_BLOCK, ()))
        trial = toy_trial(candidate, seed)
        return Trial.failed(
            trial.candidate, "crashed", seed, f"{torch.get_num_threads()} {blocked}", 0.0
        )

    return evaluate
