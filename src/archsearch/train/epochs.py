"""What happens after every epoch of a training: a line, and files from which it can go on."""

from pathlib import Path
from pickle import UnpicklingError

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from safetensors.torch import save

from archsearch.config import ConfigError
from archsearch.train.lightning import UnderLightning
from archsearch.whole_file import unfinished, write_whole
from archsearch.wording import metric_text, write_line

LAST = "last.ckpt"  # a Lightning checkpoint; read with weights_only=True
BEST = "best.safetensors"


class EpochLines(Callback):
    """Writes what an epoch brought, as plain lines."""

    def __init__(self, metric_name: str, num_epochs: int) -> None:
        self._metric_name, self._num_epochs = metric_name, num_epochs

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        assert isinstance(pl_module, UnderLightning)
        curve = pl_module.module.curve
        number, epoch = len(curve), curve[-1]
        before = curve[-2].wall_seconds if number > 1 else 0.0
        write_line(
            f"epoch {number:>{len(str(self._num_epochs))}}/{self._num_epochs}"
            f"  train {epoch.train_loss:.4f} nats"
            f"  valid {self._metric_name} {metric_text(epoch.valid_metric)}"
            f"  rate {pl_module.module.learning_rate:.3g}"
            f"  {epoch.wall_seconds - before:.1f} s"
        )


class SaveEpochs(Callback):
    """Writes the state of the training, and the weights of the best epoch, each in one step.

    The best weights come first: killed in between, the training repeats the epoch and writes
    the same weights again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert isinstance(pl_module, UnderLightning)
        costs = pl_module.module.costs
        if costs.index(min(costs)) == len(costs) - 1:
            write_whole(self._folder / BEST, save(pl_module.module.validated_weights()))
        path = self._folder / LAST
        trainer.save_checkpoint(unfinished(path))
        unfinished(path).replace(path)


def check_checkpoint(path: Path) -> None:
    """Raise ConfigError where the file is none that Lightning wrote, or has more than values."""
    try:
        torch.load(path, weights_only=True, map_location="cpu")
    except (UnpicklingError, RuntimeError, EOFError):
        raise ConfigError(
            f"{path}: expected the checkpoint of an interrupted training, got another or a damaged "
            "file, which is not read; move it away, and the training begins again"
        ) from None
