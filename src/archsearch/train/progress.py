"""A line an epoch."""

from pytorch_lightning import Callback, LightningModule, Trainer

from archsearch.train.lines import figure, write_line
from archsearch.train.module import BatchModule


class EpochLines(Callback):
    """Writes what an epoch brought, as plain lines."""

    def __init__(self, metric_name: str, num_epochs: int) -> None:
        self._metric_name, self._num_epochs = metric_name, num_epochs

    def on_train_epoch_end(
        self,
        trainer: Trainer,  # noqa: ARG002
        pl_module: LightningModule,
    ) -> None:
        assert isinstance(pl_module, BatchModule)
        number, epoch = len(pl_module.curve), pl_module.curve[-1]
        before = pl_module.curve[-2].wall_seconds if number > 1 else 0.0
        write_line(
            f"epoch {number:>{len(str(self._num_epochs))}}/{self._num_epochs}"
            f"  train {epoch.train_loss:.4f} nats"
            f"  valid {self._metric_name} {figure(epoch.valid_metric)}"
            f"  rate {pl_module.learning_rate:.3g}"
            f"  {epoch.wall_seconds - before:.1f} s"
        )
