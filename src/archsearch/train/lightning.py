"""Lightning's Trainer, without what it does unasked."""

import logging
import signal
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from pytorch_lightning import Callback, Trainer

from archsearch.train.training import Precision, Training

_LIGHTNING_PRECISION: dict[Precision, Any] = {
    Precision.FLOAT32: "32-true",
    Precision.BFLOAT16: "bf16-mixed",
}


@contextmanager
def plain_trainer(
    training: Training, num_epochs: int, callbacks: Sequence[Callback] = ()
) -> Iterator[Trainer]:
    """A Trainer that prints, logs and saves nothing, and lets itself be interrupted.

    Raises:
        ValueError: the precision is "auto", which `resolve_precision` turns into one of the others.
    """
    if training.precision not in _LIGHTNING_PRECISION:
        raise ValueError(
            f"trainer.precision: expected {' or '.join(_LIGHTNING_PRECISION)}, got "
            f"{str(training.precision)!r}; archsearch.train.resolve_precision chooses one of them"
        )
    with quiet_lightning(), _keyboard_interrupts():
        yield Trainer(
            accelerator=training.accelerator,
            precision=_LIGHTNING_PRECISION[training.precision],
            devices=1,
            max_epochs=num_epochs,
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
def _keyboard_interrupts() -> Iterator[None]:
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
