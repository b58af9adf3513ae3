"""A finished training on Weights & Biases: curve, figures, and the weights as an artifact."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archsearch.architecture import read_cell
from archsearch.wandb_session import Mode, WandbSession

FILES = ("cell.txt", "result.json", "config.yaml", "model.safetensors")
DRAWING = "cell.svg"


def log_training(
    folder: Path,
    result: Mapping[str, Any],
    config: Mapping[str, Any],
    *,
    project: str,
    entity: str | None,
    mode: Mode | None,
    group: str,
    drawings: bool = True,
) -> None:
    """Log the training in `folder`. Once it is finished all is known, so all is logged at once;
    to log again goes on with the same W&B run and changes nothing that was there.

    result: the content of result.json.
    drawings: whether the artifact holds the cell's drawing.
    """
    session = WandbSession(folder, project, entity, mode, group=group, job_type="train")
    facts = {name: result[name] for name in ("task", "cell", "key", "seed", "num_params")}
    session.start(folder.name, {"run": config, "revision": result["revision"], **facts})
    with session.surviving("logging"):
        if run := session.run:
            run.define_metric("epoch", hidden=True)
            run.define_metric("*", step_metric="epoch")
            for number, epoch in enumerate(result["curve"], 1):
                run.log({"epoch": number, **_point(epoch, result["metric"])})
            run.summary.update(_figures(result))
            run.log_artifact(_artifact(folder, result, drawings=drawings))
    session.finish(exit_code=0)


def _point(epoch: Mapping[str, Any], metric: str) -> dict[str, float]:
    return {
        "train_loss": epoch["train_loss"],
        f"valid/{metric}": epoch["valid_metric"],
        **{f"valid/{name}": value for name, value in epoch["measures"].items()},
        "wall_seconds": epoch["wall_seconds"],
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
