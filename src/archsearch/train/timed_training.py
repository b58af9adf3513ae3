"""What a whole training would take, from a few seconds of it."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Generic, Self, TypeVar

import torch

from archsearch.architecture import Architecture
from archsearch.train.budget import Budget
from archsearch.train.failures import TooManyParameters
from archsearch.train.fitting import count_parameters
from archsearch.train.step_timer import at_a_standstill
from archsearch.train.task import Model, Task
from archsearch.train.training import Training

TRAIN_SECONDS, VALID_SECONDS = 1.0, 0.5  # that are timed, of each architecture

Batch = TypeVar("Batch")


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
    """fixed_seconds: once a training, for the network, its kernels and the first batches."""

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


def time_training(
    task: Task, cell: Architecture, budget: Budget, model: Model, training: Training, seed: int
) -> TimedTraining:
    """Train for TRAIN_SECONDS and validate for VALID_SECONDS, by the steps of `fit`, on batches
    from everywhere in an epoch. Weights stay as they are drawn: nothing diverges by training.

    Raises:
        TrainingFailure: the first steps of a training would fail too.
    """
    # Here, as in `fit`: Lightning takes seconds to import.
    from archsearch.train.module import BatchModule
    from archsearch.train.step_clock import finish
    from archsearch.train.trainer import keyboard_interrupts, make_trainer, quiet_lightning

    start = time.perf_counter()
    generator = torch.Generator().manual_seed(seed)
    num_params = count_parameters(task, cell, budget, model)
    if budget.max_params is not None and num_params > budget.max_params:
        raise TooManyParameters(num_params, budget.max_params)
    network = task.network(cell, budget, model, generator)
    once, training = replace(budget, epochs=1, max_seconds=None), at_a_standstill(training)
    module = task.module(network, once, training, generator)
    assert isinstance(module, BatchModule), module
    sampled = [
        _Sample(batches, seconds, lambda: finish(module))
        for batches, seconds in (
            (module.train_batches(), TRAIN_SECONDS), (module.valid_batches(), VALID_SECONDS),
        )
    ]  # fmt: skip
    train, valid = sampled
    valid.is_last = True
    with quiet_lightning(), keyboard_interrupts(), suppress(_Measured):
        make_trainer(once, training).fit(module, _InOnePiece(train), _InOnePiece(valid))
    seconds = time.perf_counter() - start - train.spent - valid.spent
    return TimedTraining(num_params, seconds, train.pace, valid.pace)


class _Measured(Exception):
    """All is measured. The evaluation of some batches has no result, so the training ends."""


class _Sample(Generic[Batch]):
    """Batches drawn from an epoch's, which times each while it is worked on, until `seconds` are
    spent or all were drawn. The first one warms up and does not count.

    finish: waits until the device has done all work.
    """

    is_last = False

    def __init__(
        self, batches: Sequence[Batch], seconds: float, finish: Callable[[], None]
    ) -> None:
        self._batches, self._seconds, self._finish = batches, seconds, finish
        self._device: torch.device | None = None
        self.spent, self._num_timed = 0.0, 0

    def to(self, device: torch.device, **_: Any) -> Self:
        """As Lightning moves what it hands to a module."""
        self._device = device
        return self

    def __iter__(self) -> Iterator[Batch]:
        drawn = _shuffled(self._batches)
        yield self._moved(drawn[0])
        self._finish()
        for batch in drawn:
            start = time.perf_counter()
            yield self._moved(batch)
            self._finish()
            self.spent += time.perf_counter() - start
            self._num_timed += 1
            if self.spent >= self._seconds:
                break
        if self.is_last:
            raise _Measured

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
