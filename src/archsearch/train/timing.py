"""How long trainings take, from a few of their steps: in which precision, and as a whole."""

import random
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Generic, Self, TypeVar

import torch
from torch import nn
from torch.optim import Optimizer

from archsearch.architecture import Architecture
from archsearch.torch_threads import torch_threads
from archsearch.train.module import BatchModule
from archsearch.train.recipe import Recipe, make_module, num_allowed
from archsearch.train.schedules import Progress, Schedule
from archsearch.train.training import Precision, Training

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
        with torch_threads(self._threads):
            steps = _Sample(self._batches, float("inf"), self._module)
            _work_on(self._module, training, steps)
        return steps.spent

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
    train = _Sample(_shuffled(module.train_batches()), TRAIN_SECONDS, module)
    valid = _Sample(_shuffled(module.valid_batches()), VALID_SECONDS, module)
    _work_on(module, recipe.training, train, valid)
    seconds = time.perf_counter() - start - train.spent - valid.spent
    return TimedTraining(num_params, seconds, train.pace, valid.pace)


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


def _work_on(
    module: BatchModule[Any],
    training: Training,
    train: "_Sample[Any]",
    valid: "_Sample[Any] | None" = None,
) -> None:
    """Train on a sample, and validate on the other where there is one."""
    # Here, as in `fit`: Lightning takes seconds to import.
    from archsearch.train.lightning import UnderLightning, plain_trainer

    (valid or train).is_last = True
    with plain_trainer(training, num_epochs=1) as trainer, suppress(_Measured):
        trainer.fit(UnderLightning(module), _InOnePiece(train), valid and _InOnePiece(valid))


class _Measured(Exception):
    """All is measured. A part of an epoch has no result, so the training ends here."""


class _Sample(Generic[Batch]):
    """Batches of an epoch, which times each while it is worked on, until `seconds` are spent or all
    were drawn. The first one warms up and does not count.
    """

    is_last = False

    def __init__(
        self, batches: Sequence[Batch], seconds: float, module: BatchModule[Batch]
    ) -> None:
        self._batches, self._seconds, self._module = batches, seconds, module
        self._device = torch.device("cpu")
        self.spent, self._num_timed = 0.0, 0

    def to(self, device: torch.device, **_: Any) -> Self:
        """As Lightning moves what it hands to a module; the batches follow one by one."""
        self._device = device
        return self

    def __iter__(self) -> Iterator[Batch]:
        yield self._moved(self._batches[0])
        self._finish()
        for batch in self._batches:
            start = time.perf_counter()
            yield self._moved(batch)
            self._finish()
            self.spent += time.perf_counter() - start
            self._num_timed += 1
            if self.spent >= self._seconds:
                break
        if self.is_last:
            raise _Measured

    def _finish(self) -> None:
        """Wait until the device has done all work: who reads a value waits."""
        next(self._module.parameters()).detach().flatten()[0].item()

    def _moved(self, batch: Batch) -> Batch:
        from pytorch_lightning.utilities import move_data_to_device

        moved: Batch = move_data_to_device(batch, self._device)
        return moved

    @property
    def pace(self) -> Pace:
        return Pace(self.spent / self._num_timed, self._num_timed, len(self._batches))


def _shuffled(batches: Sequence[Batch]) -> list[Batch]:
    """In any order, but one that goes on with the pieces of that before it stays behind it."""
    pieces: list[list[Batch]] = []
    for batch in batches:
        if not pieces or getattr(batch, "begins", True):
            pieces.append([])
        pieces[-1].append(batch)
    random.Random(0).shuffle(pieces)
    return [batch for piece in pieces for batch in piece]


class _InOnePiece:
    """What Lightning iterates over: a whole sample at once."""

    def __init__(self, sample: _Sample[Any]) -> None:
        self._sample = sample

    def __iter__(self) -> Iterator[_Sample[Any]]:
        yield self._sample
