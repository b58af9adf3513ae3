"""The best architecture of a run as a versioned artifact on W&B."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from archsearch.archive import RunInfo, Trial
from archsearch.archive.best_weights import best_weights
from archsearch.best_cell import texts_of

if TYPE_CHECKING:
    import wandb

KIND = "architecture"


def best_artifact(run: RunInfo, best: Trial, metric_name: str, run_dir: Path) -> "wandb.Artifact":
    """Text, drawing, equations, what is known of its trial, and the weights that the run has kept.
    Equal content is the same version, whoever uploads it."""
    import wandb

    architecture, weights = best.candidate.architecture, best_weights(run_dir, best)
    facts = {
        "metric": metric_name,
        metric_name: best.metric,
        "num_params": best.num_params,
        "trial": best.number,
        "seed": best.seed,
        "genome": best.candidate.genome,
        "hyperparameters": dict(best.candidate.hyperparameters),
        "run": run.name,
        "revision": run.revision,
    }
    name = artifact_name("best", run.name)
    artifact = wandb.Artifact(name, KIND, _description(run_dir, weights), metadata=facts)
    for name, content in texts_of(architecture).items():
        with artifact.new_file(name, encoding="utf-8") as file:
            file.write(content)
    if weights is not None:
        artifact.add_file(str(weights), name=weights.name)
    return artifact


def _description(run_dir: Path, weights: Path | None) -> str:
    longer = f"python -m archsearch.train cell={run_dir} logger=wandb"
    if weights is None:
        return f"Without weights, which this run has not kept; a training has them: {longer}"
    return (
        f"The weights are those of the trial, under the search's budget. To train longer: {longer}"
    )


def artifact_name(kind: str, run_name: str) -> str:
    """A name that W&B accepts, for a run whose directory may be called anything."""
    return re.sub(r"[^\w.-]", "-", f"{kind}-{run_name}", flags=re.ASCII)[:128]
