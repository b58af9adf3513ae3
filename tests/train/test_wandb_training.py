"""What W&B gets of a finished training, read back from its offline file."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from archsearch.cell import zoo
from archsearch.train.wandb_training import FILES, log_training

wandb = pytest.importorskip("wandb")


def _epoch(loss: float, metric: float, accuracy: float, seconds: float) -> dict[str, object]:
    measures = {"accuracy": accuracy}
    return {
        "train_loss": loss, "valid_metric": metric, "measures": measures, "wall_seconds": seconds,
    }  # fmt: skip


RESULT = {
    "task": "xml", "cell": str(zoo["mgu"]), "key": zoo["mgu"].key, "seed": 1, "num_params": 9,
    "metric": "perplexity", "best_epoch": 2, "valid": 12.5, "valid_measures": {"accuracy": 0.5},
    "test": 12.75, "test_measures": {}, "revision": "v0",
    "curve": [_epoch(3.0, 15.0, 0.4, 1.0), _epoch(2.5, 12.5, 0.5, 2.0)],
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("WANDB_CONFIG_DIR", str(tmp_path / "home"))
    monkeypatch.setenv("WANDB_CACHE_DIR", str(tmp_path / "home"))
    run = tmp_path / "xml-tiny-train-seed1-0123abcd"
    run.mkdir()
    for name in FILES:
        (run / name).write_text(f"content of {name}")
    return run


def test_a_training_is_its_curve_its_figures_and_its_weights(folder: Path) -> None:
    config = {"seed": 1}
    log_training(folder, RESULT, config, project="p", entity=None, mode="offline", group="xml-tiny")
    (file,) = folder.glob("wandb/offline-run-*/run-*.wandb")
    shown = subprocess.run(
        [sys.executable, "-m", "wandb", "leet", "inspect", "--json", str(file)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    records = [json.loads(line) for line in shown.stdout.splitlines()]
    (run,) = (record["run"] for record in records if record["type"] == "run")
    assert (run["run_group"], run["job_type"]) == ("xml-tiny", "train")
    points = [r["history"]["item"] for r in records if r["type"] == "history"]
    assert [(p["epoch"], p["valid/perplexity"], p["valid/accuracy"]) for p in points] == [
        (1, 15.0, 0.4),
        (2, 12.5, 0.5),
    ]
    (artifact,) = (record["artifact"] for record in records if record["type"] == "artifact")
    entries = {e["path"]: Path(e["local_path"]) for e in artifact["manifest"]["contents"]}
    assert set(entries) == {*FILES, "cell.svg"}
    assert entries["model.safetensors"].read_text() == "content of model.safetensors"
    assert entries["cell.svg"].read_text(encoding="utf-8") == zoo["mgu"].to_svg()
    assert json.loads(artifact["metadata"])["best/test/perplexity"] == 12.75
