"""One training of one architecture under a budget."""

import logging
import signal
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from pytorch_lightning import Callback, Trainer
from safetensors.torch import load_file

from archsearch.architecture import Architecture
from archsearch.archive import Epoch
from archsearch.train.budget import Budget
from archsearch.train.failures import TooManyParameters, TrainingFailure
from archsearch.train.task import Model, Task, TaskModule
from archsearch.train.training import Precision, Training

_LIGHTNING_PRECISION: dict[Precision, Any] = {
    Precision.FLOAT32: "32-true",
    Precision.BFLOAT16: "bf16-mixed",
}


@dataclass(frozen=True)
class Fit:
    """A finished training. `metric` is what the task makes of the curve (`Task.result`)."""

    curve: tuple[Epoch, ...]
    metric: float
    num_params: int
    module: TaskModule = field(repr=False)


def fit(
    task: Task,
    cell: Architecture,
    budget: Budget,
    model: Model,
    training: Training,
    seed: int,
    *,
    num_epochs: int | None = None,
    callbacks: Sequence[Callback] = (),
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
            _load(network, start_from)
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


def metric_on_test(module: TaskModule, budget: Budget, training: Training) -> float:
    """The metric of the test split under the module's weights as they are."""
    with quiet_lightning(), keyboard_interrupts():
        make_trainer(budget, training).test(module, verbose=False)
    return module.test_metric


def _load(network: torch.nn.Module, path: Path) -> None:
    try:
        network.load_state_dict(load_file(path))
    except RuntimeError as error:
        raise ValueError(
            f"start_from: the weights in {path} are those of another network: "
            f"{' '.join(str(error).split())[:300]}"
        ) from None


def _run(
    module: TaskModule,
    budget: Budget,
    training: Training,
    callbacks: Sequence[Callback],
    checkpoint: Path | None,
) -> None:
    resume_from = checkpoint if checkpoint is not None and checkpoint.exists() else None
    with quiet_lightning(), keyboard_interrupts():
        trainer = make_trainer(budget, training, callbacks)
        trainer.fit(module, ckpt_path=resume_from, weights_only=True)


def make_trainer(
    budget: Budget, training: Training, callbacks: Sequence[Callback] = (), **options: Any
) -> Trainer:
    """A Trainer that prints, logs and saves nothing; `options` are its further arguments.

    Raises:
        ValueError: the precision is "auto", which `resolve_precision` turns into one of the others.
    """
    if training.precision not in _LIGHTNING_PRECISION:
        raise ValueError(
            f"trainer.precision: expected {' or '.join(_LIGHTNING_PRECISION)}, got "
            f"{str(training.precision)!r}; archsearch.train.resolve_precision chooses one of them"
        )
    return Trainer(
        accelerator=training.accelerator,
        precision=_LIGHTNING_PRECISION[training.precision],
        devices=1,
        max_epochs=budget.epochs,
        callbacks=list(callbacks),
        # CPU kernels are deterministic as they are; the global mode would also fill every new
        # tensor, which costs more than all of Lightning.
        deterministic=training.accelerator != "cpu",
        # What is guessed from the machine otherwise: SLURM's or MPI's variables would make a
        # trial part of a distributed job.
        plugins=[LightningEnvironment()],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
        **options,
    )


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Keep Lightning's notes on hardware, its tips and its `max_epochs reached` off the log."""
    loggers = [logging.getLogger(name) for name in ("pytorch_lightning", "lightning_fabric")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            # Lightning 2.6 under torch 2.13.
            warnings.filterwarnings("ignore", r"`isinstance\(treespec, LeafSpec\)`", FutureWarning)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextmanager
def keyboard_interrupts() -> Iterator[None]:
    """Give KeyboardInterrupt back; Lightning turns it into SystemExit and then ignores SIGINT."""
    main_thread = threading.current_thread() is threading.main_thread()
    handler: Any = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit as exit_:
        if isinstance(exit_.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        raise
    finally:
        if main_thread:
            signal.signal(signal.SIGINT, handler)
