"""What a training leaves in its directory after every epoch, so that it can go on when killed."""

from pathlib import Path
from pickle import UnpicklingError

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from safetensors.torch import save

from archsearch.config import ConfigError
from archsearch.train.module import BatchModule
from archsearch.whole_file import unfinished, write_whole

LAST = "last.ckpt"  # a Lightning checkpoint; read with weights_only=True
BEST = "best.safetensors"


def check_checkpoint(path: Path) -> None:
    """Raise ConfigError where the file is none that Lightning wrote, or has more than values."""
    try:
        torch.load(path, weights_only=True, map_location="cpu")
    except (UnpicklingError, RuntimeError, EOFError):
        raise ConfigError(
            f"{path}: expected the checkpoint of an interrupted training, got another or a damaged "
            "file, which is not read; move it away, and the training begins again"
        ) from None


class SaveEpochs(Callback):
    """Writes the state of the training, and the weights of the best epoch, each in one step.

    The best weights come first: killed in between, the training repeats the epoch and writes
    the same weights again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert isinstance(pl_module, BatchModule)
        costs = pl_module.costs
        if costs.index(min(costs)) == len(costs) - 1:
            write_whole(self._folder / BEST, save(pl_module.validated_weights()))
        path = self._folder / LAST
        trainer.save_checkpoint(unfinished(path))
        unfinished(path).replace(path)
