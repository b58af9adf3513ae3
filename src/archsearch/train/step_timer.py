"""What training steps of a task's own network cost."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.optim import Optimizer

from archsearch.train.budget import Budget
from archsearch.train.schedules import Progress, Schedule
from archsearch.train.task import Model, Task
from archsearch.train.training import Precision, Training

if TYPE_CHECKING:
    from archsearch.train.task_module import TaskModule


class StepTimer:
    """Seconds of a few training steps, always the same ones, under a budget's sizes.

    The cell is `Task.timed`, so that a choice that rests on the times depends on no candidate.
    The rate is zero, so weights stay as they are drawn: nothing diverges, and the last call has the
    work of the first. Data is loaded and the network built at the first call.

    Args:
        threads: torch's while a call lasts; None: as many as there are.
    """

    def __init__(
        self, task: Task, budget: Budget, model: Model, training: Training,
        threads: int | None = None,
    ) -> None:  # fmt: skip
        if threads is not None and threads < 1:
            raise ValueError(f"threads: expected at least 1, got {threads}")
        # A trial's limit of time is no matter here.
        self._task, self._budget = task, replace(budget, epochs=1, max_seconds=None)
        self._model, self._threads = model, threads
        self._training = at_a_standstill(training)

    def __call__(self, precision: Precision) -> float:
        # Here, because Lightning takes seconds to import, and most timers are never asked.
        from archsearch.train.step_clock import StepClock
        from archsearch.train.trainer import keyboard_interrupts, make_trainer, quiet_lightning

        training = replace(self._training, precision=precision)
        clock, threads = StepClock(), torch.get_num_threads()
        torch.set_num_threads(self._threads or threads)
        try:
            with quiet_lightning(), keyboard_interrupts():
                make_trainer(
                    self._budget, training, [clock], limit_train_batches=1, limit_val_batches=0
                ).fit(self._module)
        finally:
            torch.set_num_threads(threads)
        return clock.seconds

    @cached_property
    def _module(self) -> "TaskModule":
        generator = torch.Generator().manual_seed(0)
        network = self._task.network(self._task.timed, self._budget, self._model, generator)
        return self._task.module(network, self._budget, self._training, generator)


def at_a_standstill(training: Training) -> Training:
    """The same work, but no weight ever changes, so that nothing diverges."""
    return replace(training, schedule=_Standstill(lr=0.0, schedule=training.schedule))


@dataclass(frozen=True, kw_only=True)
class _Standstill(Schedule):
    """A schedule's optimiser at the rate zero."""

    schedule: Schedule

    def optimizer(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        return self.schedule.optimizer(parameters)

    def learning_rate(self, progress: Progress) -> float:  # noqa: ARG002
        return self.lr
