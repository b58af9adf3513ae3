"""One training of one architecture under a budget."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from archsearch.architecture import Architecture
from archsearch.archive import Epoch
from archsearch.train.budget import Budget
from archsearch.train.failures import TooManyParameters, TrainingFailure
from archsearch.train.task import Model, Task
from archsearch.train.training import Training
from archsearch.train.weights import load_into

if TYPE_CHECKING:
    from pytorch_lightning import Callback

    from archsearch.train.task_module import TaskModule


@dataclass(frozen=True)
class Fit:
    """A finished training. `metric` is what the task makes of the curve (`Task.result`)."""

    curve: tuple[Epoch, ...]
    metric: float
    num_params: int
    module: "TaskModule" = field(repr=False)


def fit(
    task: Task,
    cell: Architecture,
    budget: Budget,
    model: Model,
    training: Training,
    seed: int,
    *,
    num_epochs: int | None = None,
    callbacks: "Sequence[Callback]" = (),
    checkpoint: Path | None = None,
    start_from: Path | None = None,
) -> Fit:
    """Train `cell` on `task`. All that is random comes from `seed`; no global generator is used.

    `num_epochs` ends the training early, after so many of the budget's epochs; until then all is as
    it would be without. `checkpoint`, if it exists, is the file of an interrupted training to go on
    with. `start_from` is a safetensors file of another training's weights, to begin with.

    Raises:
        TrainingFailure: with `curve` and `num_params` filled in as far as they are known.
        DataError: the task's data is missing or too small for the budget.
    """
    generator = torch.Generator().manual_seed(seed)
    module: TaskModule | None = None
    num_params = None
    try:
        num_params = count_parameters(task, cell, budget, model)
        if budget.max_params is not None and num_params > budget.max_params:
            raise TooManyParameters(num_params, budget.max_params)
        network = task.network(cell, budget, model, generator)
        if start_from is not None:
            load_into(network, start_from)
        module = task.module(network, budget, training, generator)
        lasting = replace(budget, epochs=num_epochs or budget.epochs)
        _run(module, lasting, training, callbacks, checkpoint)
    except TrainingFailure as failure:
        failure.curve = tuple(module.curve) if module is not None else ()
        failure.num_params = num_params
        raise
    return Fit(tuple(module.curve), task.result(module.metrics), num_params, module)


def count_parameters(task: Task, cell: Architecture, budget: Budget, model: Model) -> int:
    """Of the network that `fit` would train; no memory is taken for its weights."""
    task.load(budget)
    with torch.device("meta"):
        network = task.network(cell, budget, model, torch.Generator(device="cpu"))
    return sum(parameter.numel() for parameter in network.parameters())


def metric_on_test(module: "TaskModule", budget: Budget, training: Training) -> float:
    """The metric of the test split under the module's weights as they are."""
    # Here, as in _run: Lightning takes seconds to import, and who counts parameters needs none.
    from archsearch.train.trainer import keyboard_interrupts, make_trainer, quiet_lightning

    with quiet_lightning(), keyboard_interrupts():
        make_trainer(budget, training).test(module, verbose=False)
    return module.test_metric


def _run(
    module: "TaskModule",
    budget: Budget,
    training: Training,
    callbacks: "Sequence[Callback]",
    checkpoint: Path | None,
) -> None:
    from archsearch.train.checkpoint import check_checkpoint
    from archsearch.train.trainer import keyboard_interrupts, make_trainer, quiet_lightning

    resume_from = checkpoint if checkpoint is not None and checkpoint.exists() else None
    if resume_from is not None:
        check_checkpoint(resume_from)
    with quiet_lightning(), keyboard_interrupts():
        trainer = make_trainer(budget, training, callbacks)
        trainer.fit(module, ckpt_path=resume_from, weights_only=True)
