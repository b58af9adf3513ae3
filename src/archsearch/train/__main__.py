"""`python -m archsearch.train cell=zoo/lstm task=ptb`: one given cell, trained and tested."""

import json
import os
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from safetensors.torch import load_file, save

from archsearch.architecture import Architecture
from archsearch.archive import lock_run
from archsearch.command import FAILURE, Interrupted, run_command
from archsearch.config import ConfigError, check, identity, register, revision
from archsearch.data.store import ROOT_VARIABLE
from archsearch.train.budget import Budget
from archsearch.train.cell_sources import quote_text, read_cell
from archsearch.train.checkpoint import BEST, LAST, SaveEpochs, write_whole
from archsearch.train.failures import TrainingFailure
from archsearch.train.fit import Fit, count_parameters, fit, metric_on_test
from archsearch.train.precision import resolve_precision
from archsearch.train.process import set_up_process
from archsearch.train.progress import EpochLines, figure, write_line
from archsearch.train.step_timer import StepTimer
from archsearch.train.task import Model, Task
from archsearch.train.training import Training
from archsearch.train.width import matched_width, read_count

RESULT, WEIGHTS, CELL, CONFIG = "result.json", "model.safetensors", "cell.txt", "config.yaml"


def main() -> None:
    """The command `python -m archsearch.train`."""
    sys.argv[1:] = [quote_text(argument) for argument in sys.argv[1:]]
    register()
    run_command(train, "train")


def train(cfg: DictConfig) -> None:
    """Train, or go on with, what the configuration says; then test the best epoch's weights."""
    check(cfg)
    if cfg.data.root is not None:
        os.environ[ROOT_VARIABLE] = str(cfg.data.root)
    set_up_process()
    folder = Path(HydraConfig.get().runtime.output_dir)
    cell = read_cell(cfg.cell)
    with lock_run(folder):
        claim(folder, cfg)
        if (folder / RESULT).exists():
            write_line(f"complete already: {folder}")
        else:
            train_in(folder, cell, cfg)
        report(folder)


def claim(folder: Path, cfg: DictConfig) -> None:
    """Write the configuration into the directory, or hold it against the one that is there."""
    path = folder / CONFIG
    if not path.exists():
        write_whole(path, OmegaConf.to_yaml(cfg, resolve=True).encode())
        return
    there = OmegaConf.load(path)
    assert isinstance(there, DictConfig)
    if identity(there) != identity(cfg):
        raise ConfigError(
            f"{folder}: holds a training of another configuration ({path}); "
            "choose another directory with hydra.run.dir=…"
        )


def train_in(folder: Path, cell: Architecture, cfg: DictConfig) -> None:
    """Train up to the result; all that is done so far is in the folder after every epoch."""
    task: Task = instantiate(cfg.task)
    # The limit is one for trials; whoever trains one cell waits for it.
    budget: Budget = replace(instantiate(cfg.budget), max_seconds=None)
    model, training = instantiate(cfg.model), instantiate(cfg.trainer)
    if cfg.match_parameters is not None:
        num_params = read_count(cfg.match_parameters)
        budget = matched_width(task, cell, budget, model, num_params)
    write_whole(folder / CELL, f"{cell}\n".encode())
    announce(folder, cell, task, budget, model)
    timer = StepTimer(task, budget, model, training)
    training = resolve_precision(training, folder, timer)
    callbacks = [EpochLines(task.metric_name, budget.epochs), SaveEpochs(folder)]
    try:
        done = fit(
            task, cell, budget, model, training, cfg.seed,
            callbacks=callbacks, checkpoint=folder / LAST,
        )  # fmt: skip
        finish(folder, done, task, cell, budget, training, cfg.seed)
    except KeyboardInterrupt:
        raise Interrupted(
            "interrupted; the same command goes on after the last whole epoch"
        ) from None
    except TrainingFailure as failure:
        sys.stderr.write(f"archsearch: the training failed: {failure}\n")
        raise SystemExit(FAILURE) from None


def announce(folder: Path, cell: Architecture, task: Task, budget: Budget, model: Model) -> None:
    num_params = count_parameters(task, cell, budget, model)
    again = "goes on in" if (folder / LAST).exists() else "in"
    width = f"{num_params:,} parameters at width {budget.hidden_size}"
    write_line(f"{task.name}, budget {budget.name}, {width}; {again} {folder}")


def finish(
    folder: Path,
    done: Fit,
    task: Task,
    cell: Architecture,
    budget: Budget,
    training: Training,
    seed: int,
) -> None:
    """Test the weights of the best epoch and write what is left to write, the result last."""
    weights = load_file(folder / BEST)
    done.module.network.load_state_dict(weights)
    costs = done.module.costs
    best = costs.index(min(costs))
    test = metric_on_test(done.module, budget, training)
    write_whole(folder / WEIGHTS, save(weights, metadata={"cell": str(cell)}))
    result: dict[str, Any] = {
        "task": task.name,
        "budget": asdict(budget),
        "cell": str(cell),
        "key": cell.key,
        "seed": seed,
        "precision": training.precision,
        "num_params": done.num_params,
        "metric": task.metric_name,
        "best_epoch": best + 1,
        "valid": done.curve[best].valid_metric,
        "valid_measures": dict(done.curve[best].measures),
        "test": test,
        "test_measures": done.module.test_measures,
        "notes": dict(task.notes),
        "wall_seconds": done.curve[-1].wall_seconds,
        "curve": [asdict(epoch) for epoch in done.curve],
        "revision": revision(),
        "torch": torch.__version__,
    }
    write_whole(folder / RESULT, (json.dumps(result, indent=2) + "\n").encode())


def report(folder: Path) -> None:
    result = json.loads((folder / RESULT).read_text(encoding="utf-8"))
    write_line(
        f"{result['metric']}: valid {figure(result['valid'])} (epoch {result['best_epoch']} of "
        f"{len(result['curve'])}), test {figure(result['test'])}, "
        f"{result['wall_seconds'] / 60:.1f} minutes"
    )
    for name, value in result["test_measures"].items():
        valid = result["valid_measures"][name]
        write_line(f"{name}: valid {figure(valid)}, test {figure(value)}")
    for name, text in result["notes"].items():
        write_line(f"{name}: {text}")
    for name in (RESULT, WEIGHTS, CELL):
        write_line(f"  {folder / name}")


if __name__ == "__main__":
    main()
