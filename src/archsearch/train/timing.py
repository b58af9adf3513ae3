"""How long trainings take, from a few of their steps: in which precision, and as a whole."""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import torch
from torch import nn
from torch.optim import Optimizer

from archsearch.architecture import Architecture
from archsearch.torch_threads import torch_threads
from archsearch.train.module import BatchModule
from archsearch.train.recipe import Recipe, make_module, num_allowed
from archsearch.train.schedules import Progress, Schedule
from archsearch.train.training import Accelerator, Precision, Training

TRAIN_SECONDS, VALID_SECONDS = 1.0, 0.5  # that are timed, of each architecture
NUM_STEPS = 8  # that are timed in each precision

Batch = TypeVar("Batch")


class StepTimer:
    """Seconds of a few training steps, always the same ones.

    The architecture is `Task.timed`, so that a choice that rests on the times depends on no
    candidate. Weights stay as they are drawn: the last call has the work of the first. Data is
    loaded and the network built at the first call.

    Args:
        threads: torch's while a call lasts; None: as many as there are.
    """

    def __init__(self, recipe: Recipe, threads: int | None = None) -> None:
        if threads is not None and threads < 1:
            raise ValueError(f"threads: expected at least 1, got {threads}")
        self._recipe, self._threads = _at_a_standstill(recipe), threads

    def __call__(self, precision: Precision) -> float:
        training = replace(self._recipe.training, precision=precision)
        with torch_threads(self._threads), _started(self._module, training):
            pace = _pace(self._module.train_on, self._batches, float("inf"), self._module)
        return pace.seconds * pace.num_timed

    @cached_property
    def _module(self) -> BatchModule[Any]:
        return make_module(self._recipe, self._recipe.task.timed, seed=0)

    @cached_property
    def _batches(self) -> list[Any]:
        return self._module.train_batches()[:NUM_STEPS]


@dataclass(frozen=True, slots=True)
class Pace:
    """How long batches of one kind take.

    seconds: of one. num_timed: that this was measured by. per_epoch: how many an epoch has.
    """

    seconds: float
    num_timed: int
    per_epoch: int


@dataclass(frozen=True, slots=True)
class TimedTraining:
    """fixed_seconds: once per training, for the network, its kernels and the first batches."""

    num_params: int
    fixed_seconds: float
    train: Pace
    valid: Pace

    def seconds(self, num_epochs: int) -> float:
        """Of a training over so many epochs, to which schedules may not come."""
        paces = (self.train, self.valid)
        return self.fixed_seconds + num_epochs * sum(
            pace.seconds * pace.per_epoch for pace in paces
        )


def time_training(recipe: Recipe, architecture: Architecture, seed: int) -> TimedTraining:
    """Train for TRAIN_SECONDS and validate for VALID_SECONDS, by the steps of `fit`, on batches
    from everywhere in an epoch.

    Raises:
        TrainingFailure: the first steps of a training would fail too.
    """
    start = time.perf_counter()
    recipe = _at_a_standstill(recipe)
    num_params = num_allowed(recipe, architecture)
    module = make_module(recipe, architecture, seed)
    batches = (_shuffled(module.train_batches()), _shuffled(module.valid_batches()))
    with _started(module, recipe.training):
        train = _pace(module.train_on, batches[0], TRAIN_SECONDS, module)
        module.eval()
        module.begin_validation()
        with torch.inference_mode():
            valid = _pace(module.evaluate, batches[1], VALID_SECONDS, module)
    timed = sum(pace.seconds * pace.num_timed for pace in (train, valid))
    return TimedTraining(num_params, time.perf_counter() - start - timed, train, valid)


def _at_a_standstill(recipe: Recipe) -> Recipe:
    """The same work for one epoch, but no weight ever changes, so that nothing diverges, and no
    limit of time is kept."""
    schedule = _Standstill(lr=0.0, schedule=recipe.training.schedule)
    return replace(
        recipe,
        budget=replace(recipe.budget, epochs=1, max_seconds=None),
        training=replace(recipe.training, schedule=schedule),
    )


@dataclass(frozen=True, kw_only=True)
class _Standstill(Schedule):
    """A schedule's optimiser at the rate zero."""

    schedule: Schedule

    def optimizer(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        return self.schedule.optimizer(parameters)

    def learning_rate(self, progress: Progress) -> float:  # noqa: ARG002
        return self.lr


@contextmanager
def _started(module: BatchModule[Any], training: Training) -> Iterator[None]:
    """Inside, the module is where a training begins: on its device and in its precision."""
    device = torch.device("cpu")
    if training.accelerator is not Accelerator.CPU:
        device = torch.accelerator.current_accelerator(check_available=True) or device
    module.to(device)
    module.train()
    module.start(module.training_plan.schedule.optimizer(module.network.parameters()))
    module.begin_epoch()
    in_bfloat16 = training.precision is Precision.BFLOAT16
    with torch.autocast(device.type, torch.bfloat16, enabled=in_bfloat16):
        yield


def _pace(
    work: Callable[[Any], None], batches: Sequence[Any], seconds: float, module: BatchModule[Any]
) -> Pace:
    """Of work on these batches, until so many seconds are spent or all are done. The first one
    warms up and does not count."""
    # Here, because Lightning takes seconds to import.
    from lightning_fabric.utilities import move_data_to_device

    weight = next(module.parameters())
    spent, num_timed = 0.0, 0
    for batch in (batches[0], *batches):
        start = time.perf_counter()
        work(move_data_to_device(batch, weight.device))
        weight.detach().flatten()[0].item()  # waits until the device has done all work
        spent += time.perf_counter() - start if num_timed else 0.0
        num_timed += 1
        if spent >= seconds:
            break
    return Pace(spent / (num_timed - 1), num_timed - 1, len(batches))


def _shuffled(batches: Sequence[Batch]) -> list[Batch]:
    """In any order, but one that goes on with the pieces of that before it stays behind it."""
    pieces: list[list[Batch]] = []
    for batch in batches:
        if not pieces or getattr(batch, "begins", True):
            pieces.append([])
        pieces[-1].append(batch)
    random.Random(0).shuffle(pieces)
    return [batch for piece in pieces for batch in piece]
