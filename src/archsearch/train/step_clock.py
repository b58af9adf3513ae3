"""How long a Trainer's steps take."""

import time
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer


class StepClock(Callback):
    """The seconds of the last batch."""

    def on_train_batch_start(
        self,
        trainer: Trainer,  # noqa: ARG002
        pl_module: LightningModule,
        *_: Any,
    ) -> None:
        finish(pl_module)
        self._start = time.perf_counter()

    def on_train_batch_end(
        self,
        trainer: Trainer,  # noqa: ARG002
        pl_module: LightningModule,
        *_: Any,
    ) -> None:
        finish(pl_module)
        self.seconds = time.perf_counter() - self._start


def finish(module: LightningModule) -> None:
    """Wait until the device has done all work: who reads a value waits."""
    next(module.parameters()).detach().flatten()[0].item()
