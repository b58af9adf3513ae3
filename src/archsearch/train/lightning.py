"""Lightning's Trainer, without what it does unasked."""

import logging
import signal
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from pytorch_lightning import Callback, LightningModule, Trainer
from torch.optim import Optimizer

from archsearch.train.module import BatchModule
from archsearch.train.training import Precision, Training

_LIGHTNING_PRECISION: dict[Precision, Any] = {
    Precision.FLOAT32: "32-true",
    Precision.BFLOAT16: "bf16-mixed",
}


class Stretches:
    """What Lightning iterates over: batches in their order, some at a time, cut again each epoch.

    Lightning's own work is 0.2 to 0.4 ms for everything that it is handed, which next to a
    batch of a small network would be several percent.
    """

    BATCHES = 8  # in a stretch

    def __init__(self, cut: Callable[[], list[Any]]) -> None:
        self._cut = cut

    def __iter__(self) -> Iterator[list[Any]]:
        batches = self._cut()
        for start in range(0, len(batches), self.BATCHES):
            yield batches[start : start + self.BATCHES]


class UnderLightning(LightningModule):
    """Calls a `BatchModule` where Lightning says. Checkpoints are as if that were in its place."""

    def __init__(self, module: BatchModule[Any]) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.module = module

    def state_dict(self, **options: Any) -> dict[str, Any]:  # type: ignore[override]
        return self.module.state_dict(**options)

    def load_state_dict(self, state_dict: Any, strict: bool = True, assign: bool = False) -> Any:
        return self.module.load_state_dict(state_dict, strict, assign)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["archsearch"] = self.module.saved()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        is_averaged = any(name.startswith("average.") for name in checkpoint["state_dict"])
        self.module.take_up(checkpoint["archsearch"], is_averaged=is_averaged)

    def train_dataloader(self) -> Stretches:
        return Stretches(self.module.train_batches)

    def val_dataloader(self) -> Stretches:
        return Stretches(self.module.valid_batches)

    def test_dataloader(self) -> Stretches:
        return Stretches(self.module.test_batches)

    def configure_optimizers(self) -> Optimizer:
        return self.module.training_plan.schedule.optimizer(self.module.network.parameters())

    def on_fit_start(self) -> None:
        # Lightning's wrapper costs tens of microseconds a step and adds nothing here.
        optimizer: Any = self.optimizers(use_pl_optimizer=False)
        self.module.start(optimizer)
        self._end_if_over()  # one that was killed after its last epoch

    def on_train_epoch_start(self) -> None:
        self.module.begin_epoch()

    def training_step(self, stretch: list[Any]) -> None:
        for batch in stretch:
            self.module.train_on(batch)

    def on_validation_epoch_start(self) -> None:
        self.module.begin_validation()

    def validation_step(self, stretch: list[Any]) -> None:
        for batch in stretch:
            self.module.evaluate(batch)
            self.module.check_time()

    def on_validation_epoch_end(self) -> None:
        self.module.end_validation()
        self._end_if_over()

    def on_test_epoch_start(self) -> None:
        self.module.begin_test()

    def test_step(self, stretch: list[Any]) -> None:
        self.validation_step(stretch)

    def on_test_epoch_end(self) -> None:
        self.module.end_test()

    def _end_if_over(self) -> None:
        if self.module.is_over:
            self.trainer.should_stop = True


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
