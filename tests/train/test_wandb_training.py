"""What W&B gets of a training while it is at work, read back from its offline files."""

import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pytorch_lightning import Callback
from wandb_records import wandb_records

from archsearch.archive import Epoch
from archsearch.cell import zoo
from archsearch.train import Recipe, fit
from archsearch.train.epochs import LAST, SaveEpochs
from archsearch.train.wandb_training import FILES, TrainingLog, training_log

wandb = pytest.importorskip("wandb")

CURVE = (Epoch(3.0, 15.0, 1.0, {"accuracy": 0.4}), Epoch(2.5, 12.5, 2.0, {"accuracy": 0.5}))
RESULT = {
    "cell": str(zoo["mgu"]), "metric": "perplexity", "best_epoch": 2, "valid": 12.5,
    "valid_measures": {"accuracy": 0.5}, "test": 12.75, "test_measures": {},
    "curve": [asdict(epoch) for epoch in CURVE],
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("WANDB_CONFIG_DIR", str(tmp_path / "home"))
    monkeypatch.setenv("WANDB_CACHE_DIR", str(tmp_path / "home"))
    run = tmp_path / "xml-tiny-train-seed1-0123abcd"
    run.mkdir()
    for name in FILES:
        (run / name).write_text(f"content of {name}")
    yield run
    wandb.teardown()


def log_in(folder: Path) -> AbstractContextManager[TrainingLog]:
    facts = {"task": "xml", "seed": 1}
    return training_log(
        folder, "perplexity", facts, project="p", entity=None, mode="offline", group="xml-tiny"
    )


def points(folder: Path) -> list[dict[str, Any]]:
    return [r["history"]["item"] for r in wandb_records(folder) if r["type"] == "history"]


class Stop(Callback):
    """Ctrl-C after the first epoch."""

    def on_train_epoch_end(self, trainer: object, pl_module: object) -> None:
        raise KeyboardInterrupt


def test_an_epoch_is_logged_when_it_ends_and_once(folder, task, budget, model, adam) -> None:
    train = partial(fit, Recipe(task, model, budget(epochs=3), adam), zoo["rnn"], 1)
    checkpoint = folder / LAST
    with pytest.raises(KeyboardInterrupt), log_in(folder) as log:
        train(callbacks=[SaveEpochs(folder), log, Stop()], checkpoint=checkpoint)
    assert [point["epoch"] for point in points(folder)] == [1]
    with log_in(folder) as log:
        done = train(callbacks=[SaveEpochs(folder), log], checkpoint=checkpoint)
        log.finish({**RESULT, "curve": [asdict(e) for e in done.curve]}, drawings=False)
    logged = points(folder)
    assert [point["epoch"] for point in logged] == [1, 2, 3]
    assert [p["valid/perplexity"] for p in logged] == [e.valid_metric for e in done.curve]
    assert len({r["run"]["run_id"] for r in wandb_records(folder) if r["type"] == "run"}) == 1


def test_a_finished_training_is_its_curve_its_figures_and_its_weights(folder: Path) -> None:
    with log_in(folder) as log:
        log.finish(RESULT, drawings=True)
    every = wandb_records(folder)
    (run,) = (record["run"] for record in every if record["type"] == "run")
    assert (run["run_group"], run["job_type"]) == ("xml-tiny", "train")
    assert [(p["epoch"], p["valid/perplexity"], p["valid/accuracy"]) for p in points(folder)] == [
        (1, 15.0, 0.4),
        (2, 12.5, 0.5),
    ]
    (artifact,) = (record["artifact"] for record in every if record["type"] == "artifact")
    entries = {e["path"]: Path(e["local_path"]) for e in artifact["manifest"]["contents"]}
    assert set(entries) == {*FILES, "cell.svg"}
    assert entries["model.safetensors"].read_text() == "content of model.safetensors"
    assert entries["cell.svg"].read_text(encoding="utf-8") == zoo["mgu"].to_svg()
    assert json.loads(artifact["metadata"])["best/test/perplexity"] == 12.75
