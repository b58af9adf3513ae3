"""The training loop that all tasks share: a step a batch, a point of the curve an epoch."""

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Generic, NamedTuple, TypeVar

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from archsearch.archive import Epoch
from archsearch.nn.stack import State
from archsearch.train.budget import Budget
from archsearch.train.descent import WeightAverage, descend
from archsearch.train.failures import Diverged, TimeLimit
from archsearch.train.schedules import Progress
from archsearch.train.task import Task
from archsearch.train.training import Loss, Training

Batch = TypeVar("Batch")

# On an accelerator reading a value waits for all work before it; not finite stays not finite.
_BATCHES_BETWEEN_CHECKS = {"cpu": 1}
_BATCHES_BETWEEN_CHECKS_ELSEWHERE = 16


class StepLoss(NamedTuple):
    """What a training step minimises, and what it counts for."""

    loss: Tensor  # scalar: the mean over what the batch predicts, in nats
    objective: Tensor  # the same with penalties
    size: float  # how much the mean counts in that of the epoch
    num_steps: float  # time steps, to which Loss.SUM_OVER_STEPS refers


class BatchModule(nn.Module, ABC, Generic[Batch]):
    """Trains and evaluates a network batch by batch; a task says what a batch is, and its loss.

    A task's module defines the batches of the three splits, `step_loss`, and for evaluations
    `begin`, `evaluate`, `result` and where it needs one `objection`. `curve` grows by one point per
    epoch. Who calls it, and in which order, is in `archsearch.train.lightning`.

    Raises, while it trains:
        Diverged: loss, gradient or metric is not finite, or `objection` has one.
        TimeLimit: after the budget's max_seconds, looked at after every batch.
    """

    epoch_size: float  # the sum of `StepLoss.size` over an epoch
    tests = False  # whether the evaluation is that of the test split
    test_metric: float  # after `end_test`
    test_measures: dict[str, float]  # the same

    def __init__(
        self, task: Task[Any, Any], network: nn.Module, budget: Budget, training: Training,
        generator: torch.Generator,
    ) -> None:  # fmt: skip
        """`generator` is the one that `network` draws from; it is saved with checkpoints."""
        super().__init__()
        self.task, self.network, self._corpus = task, network, task.corpus(budget)
        self.budget, self.training_plan = budget, training
        self.curve: list[Epoch] = []
        self.average: WeightAverage | None = None
        self.learning_rate = math.nan  # of the last step
        self._generator = generator
        self._order_seed = int(torch.randint(2**62, (), generator=generator))
        self._weights = list(network.parameters())
        self._states: list[State] | None = None  # carried to the next batch; None: zeros
        self._batches_done = 0  # of this epoch
        self._size_done = 0.0  # of the same
        self._nats: Tensor | float = 0.0  # summed over the size of the steps that were not skipped
        self._size_skipped = 0.0  # of this epoch
        self._num_skipped = 0  # of this epoch
        self._num_skipped_in_a_row = 0
        self._seconds_before = 0.0  # spent on epochs before this process took over
        self._started = math.nan

    @property
    def metrics(self) -> list[float]:
        """The metric on validation data after each epoch done."""
        return [epoch.valid_metric for epoch in self.curve]

    @property
    def costs(self) -> list[float]:
        """The same, turned so that lower is better."""
        return self.metrics if self.task.lower_is_better else [-each for each in self.metrics]

    # --- what a task defines ---

    @abstractmethod
    def train_batches(self) -> list[Batch]:
        """Those of the next epoch. To be drawn from `order_generator()`, if at all: Lightning may
        ask more than once before an epoch."""

    @abstractmethod
    def valid_batches(self) -> list[Batch]:
        """All of the validation split, within the budget's limits."""

    @abstractmethod
    def test_batches(self) -> list[Batch]:
        """All of the test split."""

    @abstractmethod
    def step_loss(self, batch: Batch) -> StepLoss:
        """The loss of a batch in training."""

    def rate_factor(self, batch: Batch) -> float:  # noqa: ARG002
        """What the learning rate is multiplied by for this batch."""
        return 1.0

    def begin(self) -> None:
        """Before an epoch of training, or an evaluation: states and counts start again."""
        self._states = None

    @abstractmethod
    def evaluate(self, batch: Batch) -> None:
        """Count a batch of an evaluation in."""

    @abstractmethod
    def result(self) -> tuple[float, Mapping[str, float]]:
        """The metric of the evaluation that has just ended, and the other measures by name."""

    def objection(self, metric: float) -> str | None:  # noqa: ARG002
        """Why a training with this metric on validation data counts as diverged, if it does."""
        return None

    @property
    def schedule_costs(self) -> list[float]:
        """What the schedule looks at after each epoch done, lower is better: the metric's costs."""
        return self.costs

    # --- a training, and what comes of it ---

    def order_generator(self) -> torch.Generator:
        """For the order, or the cuts, of an epoch: the same whenever it is asked in that epoch."""
        return torch.Generator().manual_seed(self._order_seed + len(self.curve))

    def validated_weights(self) -> dict[str, Tensor]:
        """A copy of the network's weights as validation saw them last, so averaged if they were."""
        self._swap_average()
        weights = {name: value.clone() for name, value in self.network.state_dict().items()}
        self._swap_average()
        return weights

    def start(self, optimizer: Optimizer) -> None:
        """Before the first epoch, or the first after a checkpoint; parameters are in place."""
        self._started = time.perf_counter()
        self._optimizer = optimizer
        device = self._weights[0].device.type
        self._check_every = _BATCHES_BETWEEN_CHECKS.get(device, _BATCHES_BETWEEN_CHECKS_ELSEWHERE)
        self._begin_average_if_due()

    def begin_epoch(self) -> None:
        self._batches_done, self._size_done, self._nats = 0, 0.0, 0.0
        self._num_skipped, self._size_skipped = 0, 0.0
        self.begin()

    def train_on(self, batch: Batch) -> None:
        """A step."""
        self._forget_gradients()
        step = self.step_loss(batch)
        self._backward(step.objective)
        loss = step.loss.detach()
        self._set_learning_rate(batch)
        norm = self._descend(step.num_steps)
        if self.average is not None:
            self.average.update()
        self._batches_done += 1
        self._size_done += step.size
        if self.training_plan.max_skipped_steps and not _are_finite(loss, norm):
            self._skip(step, loss, norm)
        else:
            self._nats = self._nats + loss * step.size
            self._num_skipped_in_a_row = 0
            if self._batches_done % self._check_every == 0:
                self._require_finite(loss, norm)
        self.check_time()

    def begin_validation(self) -> None:
        self.tests = False
        self._swap_average()
        self.begin()

    def end_validation(self) -> None:
        """Add the epoch's point to the curve."""
        self._swap_average()
        metric, measures = self.result()
        epoch = len(self.curve) + 1
        if not math.isfinite(metric):
            raise Diverged(epoch, None, f"validation metric is {metric}")
        size = self._size_done - self._size_skipped
        train_loss = float(self._nats) / size if size else math.nan
        if self._num_skipped:
            measures = {**measures, "skipped steps": float(self._num_skipped)}
        self.curve.append(Epoch(train_loss, metric, self._seconds(), measures))
        if objection := self.objection(metric):
            raise Diverged(epoch, None, objection)
        self._begin_average_if_due()

    def begin_test(self) -> None:
        self.tests = True
        self.begin()

    def end_test(self) -> None:
        metric, measures = self.result()
        self.test_metric, self.test_measures = metric, dict(measures)

    @property
    def is_over(self) -> bool:
        """Whether the schedule ends the training here, between epochs."""
        return self.training_plan.schedule.is_over(self._progress())

    def check_time(self) -> None:
        """Raise TimeLimit where the budget's is over."""
        limit = self.budget.max_seconds
        if limit is not None and self._seconds() > limit:
            raise TimeLimit(f"over the limit of {limit:g} s (epoch {len(self.curve) + 1})")

    def saved(self) -> dict[str, Any]:
        """What a checkpoint must hold besides parameters and buffers."""
        return {
            "curve": [
                (e.train_loss, e.valid_metric, e.wall_seconds, dict(e.measures)) for e in self.curve
            ],
            "generator": self._generator.get_state(),
        }

    def take_up(self, saved: dict[str, Any], *, is_averaged: bool) -> None:
        """Go on from what `saved` gave; parameters, and averages if there are, are loaded next."""
        self.curve = [Epoch(*point) for point in saved["curve"]]
        self._seconds_before = self.curve[-1].wall_seconds if self.curve else 0.0
        self._generator.set_state(saved["generator"])
        if is_averaged:
            self.average = WeightAverage(self._weights)

    # --- steps ---

    def _skip(self, step: StepLoss, loss: Tensor, norm: Tensor | None) -> None:
        self._num_skipped += 1
        self._size_skipped += step.size
        self._num_skipped_in_a_row += 1
        if self._num_skipped_in_a_row > self.training_plan.max_skipped_steps:
            self._require_finite(loss, norm)
        self._states = None

    def _forget_gradients(self) -> None:
        """Before the forward pass, so that it gets their memory. Otherwise every step gives it
        back to the system: Zaremba's small network trained 1.1 times as fast in bfloat16."""
        for weight in self._weights:
            weight.grad = None

    def _backward(self, objective: Tensor) -> None:
        with torch.autocast(
            objective.device.type, enabled=False
        ):  # which is for forward passes only
            objective.backward()  # type: ignore[no-untyped-call]

    def _descend(self, num_steps: float) -> Tensor | None:
        """A step of the optimiser; gives the norm of the gradient if it is clipped."""
        plan = self.training_plan
        factor = num_steps if plan.loss is Loss.SUM_OVER_STEPS else 1.0
        return descend(
            self._optimizer, self._weights,
            factor=factor, max_norm=plan.clip_norm, only_finite=plan.max_skipped_steps > 0,
        )  # fmt: skip

    def _set_learning_rate(self, batch: Batch) -> None:
        progress = self._progress(self._size_done / self.epoch_size)
        self.learning_rate = self.training_plan.schedule.learning_rate(progress)
        rate = self.learning_rate * self.rate_factor(batch)
        for group in self._optimizer.param_groups:
            group["lr"] = rate

    def _swap_average(self) -> None:
        """Exchange the weights with their averages, if there are any."""
        if self.average is not None:
            self.average.swap()

    def _begin_average_if_due(self) -> None:
        if self.average is None and self.training_plan.schedule.averages(self.schedule_costs):
            self.average = WeightAverage(self._weights)

    def _progress(self, of_this_epoch: float = 0.0) -> Progress:
        epochs = len(self.curve) + of_this_epoch
        return Progress(epochs, self.budget.epochs, self.schedule_costs)

    def _require_finite(self, loss: Tensor, norm: Tensor | None) -> None:
        for name, tensor in (("loss", loss), ("gradient norm", norm)):
            value = 0.0 if tensor is None else float(tensor)
            if not math.isfinite(value):
                raise Diverged(len(self.curve) + 1, self._batches_done, f"{name} is {value}")

    def _seconds(self) -> float:
        return self._seconds_before + time.perf_counter() - self._started


def _are_finite(*tensors: Tensor | None) -> bool:
    return all(tensor is None or math.isfinite(float(tensor)) for tensor in tensors)
