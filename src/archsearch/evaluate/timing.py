"""The evaluator that only says what a trial would take, for who plans a search.

It runs where trials would run, in as many workers at a time, so that what they share counts too.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass

from archsearch.archive import Candidate, Json, Status, Trial
from archsearch.evaluate.evaluator import TrainingEvaluatorFactory
from archsearch.machine import peak_bytes
from archsearch.search.executor import Evaluator
from archsearch.train import TrainingFailure
from archsearch.train.timing import TimedTraining, time_training

# In the details of its trials.
SPENT_SECONDS, PEAK_BYTES, PROCESS, WIDTH = "spent", "bytes", "process", "width"


@dataclass(frozen=True)
class TimingFactory:
    """Makes the evaluator whose trials have, as their seconds, what `factories` would take together
    for that candidate; a training that would fail at once is a failed trial."""

    factories: tuple[TrainingEvaluatorFactory, ...]

    def __call__(self) -> Evaluator:
        for factory in self.factories:
            factory()
        return self.evaluate

    def evaluate(self, candidate: Candidate, seed: int) -> Trial:
        start = time.perf_counter()
        try:
            timed = [_timed(factory, candidate, seed) for factory in self.factories]
        except TrainingFailure as failure:
            return Trial.failed(
                candidate, Status.INVALID, seed, str(failure), time.perf_counter() - start,
                details=self._details(candidate, start),
            )  # fmt: skip
        seconds = sum(
            each.seconds(factory.num_epochs)
            for each, factory in zip(timed, self.factories, strict=True)
        )
        details = self._details(candidate, start)
        return Trial(
            candidate, Status.OK, seed, (), seconds, -seconds, timed[0].num_params, seconds,
            details=details,
        )  # fmt: skip

    def _details(self, candidate: Candidate, start: float) -> Mapping[str, Json]:
        return {
            SPENT_SECONDS: time.perf_counter() - start,
            PEAK_BYTES: peak_bytes(),
            PROCESS: os.getpid(),
            WIDTH: self.factories[0].recipe_for(candidate).budget.hidden_size,
        }


def _timed(factory: TrainingEvaluatorFactory, candidate: Candidate, seed: int) -> TimedTraining:
    return time_training(factory.recipe_for(candidate), candidate.architecture, seed)
