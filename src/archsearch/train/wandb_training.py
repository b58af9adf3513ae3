"""A training on Weights & Biases: its curve as it grows; at its end figures, and the weights as an
artifact."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer

from archsearch.architecture import read_cell
from archsearch.archive import Epoch
from archsearch.train.lightning import UnderLightning
from archsearch.wandb_log.session import Mode, WandbSession

FILES = ("cell.txt", "result.json", "config.yaml", "model.safetensors")
DRAWING = "cell.svg"


class TrainingLog(Callback):
    """Logs each epoch when it ends. Made by `training_log`.

    A training that is taken up again goes on with its W&B run, which has the epochs before.
    """

    def __init__(self, folder: Path, metric_name: str, session: WandbSession) -> None:
        self._folder = folder
        self._metric_name = metric_name
        self._session = session
        # None until it is known how many epochs there were when this process took the training up.
        self._num_logged: int | None = None if session.is_resumed else 0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        assert isinstance(pl_module, UnderLightning)
        self._log(pl_module.module.curve)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        assert isinstance(pl_module, UnderLightning)
        self._log(pl_module.module.curve)

    def finish(self, result: Mapping[str, Any], *, drawings: bool) -> None:
        """Log what is known once the training is finished.

        result: the content of result.json.
        drawings: whether the artifact holds the cell's drawing.
        """
        self._log([Epoch(**epoch) for epoch in result["curve"]])
        with self._session.surviving("logging"):
            if run := self._session.run:
                run.summary.update(_figures(result))
                run.log_artifact(_artifact(self._folder, result, drawings=drawings))

    def _log(self, curve: Sequence[Epoch]) -> None:
        first = len(curve) if self._num_logged is None else self._num_logged
        self._num_logged = len(curve)
        with self._session.surviving("logging"):
            if run := self._session.run:
                for number, epoch in enumerate(curve[first:], first + 1):
                    run.log({"epoch": number, **_point(epoch, self._metric_name)})


@contextmanager
def training_log(
    folder: Path,
    metric_name: str,
    facts: Mapping[str, Any],
    *,
    project: str,
    entity: str | None,
    mode: Mode | None,
    group: str,
) -> Iterator[TrainingLog]:
    """The W&B run of the training in `folder`, which ends with the context.

    facts: what the run is told of the training where it begins.
    """
    session = WandbSession(folder, project, entity, mode, group=group, job_type="train")
    session.start(folder.name, facts)
    with session.surviving("defining charts"):
        if run := session.run:
            run.define_metric("epoch", hidden=True)
            run.define_metric("*", step_metric="epoch")
    try:
        yield TrainingLog(folder, metric_name, session)
    except BaseException:
        session.finish(exit_code=1)
        raise
    session.finish(exit_code=0)


def _point(epoch: Epoch, metric: str) -> dict[str, float]:
    return {
        "train_loss": epoch.train_loss,
        f"valid/{metric}": epoch.valid_metric,
        **{f"valid/{name}": value for name, value in epoch.measures.items()},
        "wall_seconds": epoch.wall_seconds,
    }


def _figures(result: Mapping[str, Any]) -> dict[str, Any]:
    """Of the weights of the best epoch; without a test where the test split was left alone."""
    valid = {result["metric"]: result["valid"], **result["valid_measures"]}
    test = {result["metric"]: result["test"], **result["test_measures"]}
    return {
        "best_epoch": result["best_epoch"],
        **{f"best/valid/{name}": value for name, value in valid.items()},
        **{f"best/test/{name}": value for name, value in test.items() if value is not None},
    }


def _artifact(folder: Path, result: Mapping[str, Any], *, drawings: bool) -> Any:
    import wandb

    name = re.sub(r"[^\w.-]", "-", f"model-{folder.name}", flags=re.ASCII)[:128]
    artifact = wandb.Artifact(name, "model", metadata=_figures(result))
    for file in FILES:
        artifact.add_file(str(folder / file), name=file)
    if drawings:
        with artifact.new_file(DRAWING, encoding="utf-8") as drawing:
            drawing.write(read_cell(result["cell"]).to_svg())
    return artifact
