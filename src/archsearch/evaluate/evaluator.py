"""The evaluator that trains: a candidate and a seed in, a trial out."""

import time
from dataclasses import dataclass

import torch

from archsearch.archive import Candidate, Status, Trial
from archsearch.search.executor import Evaluator
from archsearch.train import (
    Budget,
    Diverged,
    Model,
    Task,
    TimeLimit,
    TooManyParameters,
    Training,
    TrainingFailure,
    fit,
    set_up_process,
)

# What ends a training by the cell's own fault, and how the trial is then called.
_STATUS: dict[type[TrainingFailure], Status] = {
    Diverged: Status.DIVERGED,
    TimeLimit: Status.TIMEOUT,
    TooManyParameters: Status.INVALID,
}


@dataclass(frozen=True)
class TrainingEvaluatorFactory:
    """Makes the evaluator that trains every candidate on `task` in the same way.

    It is pickled once for each worker process, which then loads the data.
    """

    task: Task
    budget: Budget
    model: Model
    training: Training

    def __call__(self) -> Evaluator:
        set_up_process()
        self.task.load(self.budget)
        return self.evaluate

    def evaluate(self, candidate: Candidate, seed: int) -> Trial:
        """Train a candidate. Failures of a known kind are trials; all else is raised."""
        start = time.perf_counter()
        cell = candidate.architecture
        try:
            done = fit(self.task, cell, self.budget, self.model, self.training, seed)
        except TrainingFailure as failure:
            return Trial.failed(
                candidate,
                _STATUS[type(failure)],
                seed,
                str(failure),
                time.perf_counter() - start,
                curve=failure.curve,
                num_params=failure.num_params,
            )
        except (MemoryError, RuntimeError) as error:
            if not _is_out_of_memory(error):
                raise
            cause = (str(error) or "out of memory").splitlines()[0]
            seconds = time.perf_counter() - start
            return Trial.failed(candidate, Status.OUT_OF_MEMORY, seed, cause, seconds)
        return Trial(
            candidate,
            Status.OK,
            seed,
            done.curve,
            done.metric,
            self.task.fitness(done.metric),
            done.num_params,
            time.perf_counter() - start,
        )


def _is_out_of_memory(error: Exception) -> bool:
    """Torch raises a plain RuntimeError where the memory of the CPU ends."""
    known = isinstance(error, MemoryError | torch.OutOfMemoryError)
    return known or "DefaultCPUAllocator" in str(error)
