"""One given architecture, trained and tested: what `python -m archsearch.train` does.

A training that its cell ends leaves a note of that, and is not begun again; of a sweep the others
go on.
"""

import json
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from safetensors.torch import save

from archsearch.architecture import Architecture, read_cell
from archsearch.archive import lock_run, no_false_start
from archsearch.command import Interrupted
from archsearch.config import ConfigError
from archsearch.config_check import check
from archsearch.data import use_data_root
from archsearch.dry_run import Job
from archsearch.identity import identity
from archsearch.machine import peak_bytes
from archsearch.revision import revision
from archsearch.train.epochs import BEST, LAST, EpochLines, SaveEpochs
from archsearch.train.failures import TrainingFailure
from archsearch.train.files import (
    CELL,
    CONFIG,
    FAILED,
    RESULT,
    WEIGHTS,
    read_config,
    read_result,
)  # fmt: skip
from archsearch.train.precision import resolve_precision
from archsearch.train.recipe import (
    Fit,
    Recipe,
    count_parameters,
    fit,
    load_weights,
    make_module,
    metric_on_test,
    recipe_of,
    set_up_process,
)  # fmt: skip
from archsearch.train.resources import resources_line
from archsearch.train.timing import StepTimer, time_training
from archsearch.train.wandb_training import TrainingLog, training_log
from archsearch.train.width import matched_width, read_count
from archsearch.usage import FAILURE
from archsearch.whole_file import write_whole
from archsearch.wording import metric_text, write_line


def train(cfg: DictConfig) -> None:
    """Train, or go on with, what the configuration says; then test the best epoch's weights."""
    check(cfg)
    use_data_root(cfg.data.root)
    set_up_process()
    folder = Path(HydraConfig.get().runtime.output_dir)
    start_from = None if cfg.start_from is None else weights_of(Path(cfg.start_from))
    with lock_run(folder), no_false_start(folder, (CONFIG, CELL)):
        claim(folder, cfg)
        if not (folder / FAILED).exists():
            complete(folder, cfg, start_from)
        if (folder / FAILED).exists():
            report_failure(folder)
        else:
            report(folder)


def forecast(jobs: Sequence[Job]) -> None:
    """Say what the trainings would take, of which a few seconds are timed."""
    set_up_process()
    for job in jobs:
        check(job.cfg)
        use_data_root(job.cfg.data.root)
        recipe, architecture = asked_for(job.cfg)
        announce(job.folder, recipe, architecture)
        recipe = resolve_precision(recipe, job.scratch, StepTimer(recipe))
        write_line(resources_line(recipe, threads=None))
        timed = time_training(recipe, architecture, job.cfg.seed)
        minutes, epochs = timed.seconds(recipe.budget.epochs) / 60, recipe.budget.epochs
        write_line(
            f"{minutes:.1f} minutes for {epochs} epochs, by {timed.train.num_timed} of "
            f"{timed.train.per_epoch} steps; {peak_bytes() / 2**20:.0f} MB of memory; "
            "the test split not counted"
        )
    write_line("dry run: nothing was trained to its end, and nothing written")


def complete(folder: Path, cfg: DictConfig, start_from: Path | None) -> None:
    """Train and test, as far as that is not done yet: then there is a result, or a failure."""
    is_trained = (folder / RESULT).exists()
    if is_trained and (not cfg.test or read_result(folder)["test"] is not None):
        write_line(f"complete already: {folder}")
        return
    recipe, architecture = asked_for(cfg)
    try:
        with logged(folder, cfg, recipe, architecture) as log:
            if not is_trained:
                train_in(folder, recipe, architecture, cfg.seed, start_from, log)
            if cfg.test:
                test(folder, recipe, architecture, cfg.seed)
            if log:
                log.finish(read_result(folder), drawings=cfg.logger.drawings)
    except TrainingFailure as failure:
        write_failure(folder, recipe, architecture, cfg.seed, failure)


def asked_for(cfg: DictConfig) -> tuple[Recipe, Architecture]:
    """What the configuration says is to be trained, and how."""
    recipe, architecture = recipe_of(cfg), read_cell(cfg.cell)
    recipe.training.check_machine()
    # The limit is one for trials; whoever trains one cell waits for it.
    recipe = replace(recipe, budget=replace(recipe.budget, max_seconds=None))
    if cfg.match_parameters is not None:
        num_params = read_count(cfg.match_parameters)
        recipe = matched_width(recipe, architecture, num_params)
        smallest = count_parameters(recipe, architecture)
        if smallest > num_params:
            raise ConfigError(
                f"match_parameters={cfg.match_parameters}: no width meets it; the smallest network "
                f"of this cell has {smallest:,} parameters"
            )
    return recipe, architecture


def weights_of(folder: Path) -> Path:
    """The weights that a training has left. Raises ConfigError where there are none."""
    path = folder / WEIGHTS
    if not path.is_file():
        raise ConfigError(
            f"start_from={folder}: expected the directory of a finished training, found no {path}"
        )
    return path


def claim(folder: Path, cfg: DictConfig) -> None:
    """Write the configuration into the directory, or hold it against the one that is there."""
    path = folder / CONFIG
    if not path.exists():
        write_whole(path, OmegaConf.to_yaml(cfg, resolve=True))
        return
    if identity(read_config(folder)) != identity(cfg):
        raise ConfigError(
            f"{folder}: holds a training of another configuration ({path}); "
            "choose another directory with hydra.run.dir=…"
        )


def train_in(
    folder: Path, recipe: Recipe, architecture: Architecture, seed: int, start_from: Path | None,
    log: TrainingLog | None,
) -> None:  # fmt: skip
    """Train up to the result; all that is done so far is in the folder after every epoch."""
    write_whole(folder / CELL, f"{architecture}\n")
    announce(folder, recipe, architecture)
    recipe = resolve_precision(recipe, folder, StepTimer(recipe))
    write_line(resources_line(recipe, threads=None))
    lines = EpochLines(recipe.task.metric_name, recipe.budget.epochs)
    callbacks = [lines, SaveEpochs(folder), *([log] if log else [])]
    try:
        done = fit(
            recipe,
            architecture,
            seed,
            callbacks=callbacks,
            checkpoint=folder / LAST,
            start_from=start_from,
        )
    except KeyboardInterrupt:
        raise Interrupted(
            "interrupted; the same command goes on after the last whole epoch"
        ) from None
    finish(folder, recipe, architecture, seed, done)


def announce(folder: Path, recipe: Recipe, architecture: Architecture) -> None:
    num_params = count_parameters(recipe, architecture)
    again = "goes on in" if (folder / LAST).exists() else "in"
    width = recipe.budget.hidden_size
    size = f"{num_params:,} parameters{'' if width is None else f' at width {width}'}"
    write_line(f"{recipe.task.name}, budget {recipe.budget.name}, {size}; {again} {folder}")


def finish(folder: Path, recipe: Recipe, architecture: Architecture, seed: int, done: Fit) -> None:
    """Write what the training brought; the result last, still without a test."""
    weights = load_weights(folder / BEST)
    costs = done.module.costs
    best = costs.index(min(costs))
    write_whole(folder / WEIGHTS, save(weights, metadata={"cell": str(architecture)}))
    write_facts(
        folder / RESULT,
        {
            **facts_of(recipe, architecture, seed, done.num_params),
            "budget": asdict(recipe.budget),
            "precision": recipe.training.precision,
            "best_epoch": best + 1,
            "valid": done.curve[best].valid_metric,
            "valid_measures": dict(done.curve[best].measures),
            "test": None,
            "test_measures": {},
            "notes": dict(recipe.task.notes),
            "wall_seconds": done.curve[-1].wall_seconds,
            "curve": [asdict(epoch) for epoch in done.curve],
            "torch": torch.__version__,
        },
    )


def write_failure(
    folder: Path, recipe: Recipe, architecture: Architecture, seed: int, failure: TrainingFailure
) -> None:
    """Note why there is no result."""
    seconds = failure.curve[-1].wall_seconds if failure.curve else 0.0
    facts = facts_of(recipe, architecture, seed, failure.num_params)
    write_facts(folder / FAILED, {**facts, "cause": str(failure), "wall_seconds": seconds})


def facts_of(
    recipe: Recipe, architecture: Architecture, seed: int, num_params: int | None
) -> dict[str, Any]:
    """What is known of a training, however it ends."""
    return {
        "task": recipe.task.name,
        "cell": str(architecture),
        "key": architecture.key,
        "seed": seed,
        "num_params": num_params,
        "metric": recipe.task.metric_name,
        "lower_is_better": recipe.task.lower_is_better,
        "symbol": recipe.task.symbol,
        "revision": revision(),
    }


def write_facts(path: Path, facts: dict[str, Any]) -> None:
    write_whole(path, json.dumps(facts, indent=2) + "\n")


def report_failure(folder: Path) -> None:
    """Say why there is no result, and end the process unless it is at work on a sweep."""
    path = folder / FAILED
    cause = json.loads(path.read_text(encoding="utf-8"))["cause"]
    sys.stderr.write(
        f"archsearch: the training failed: {cause}; to train it again, remove {path}\n"
    )
    if HydraConfig.get().mode is not RunMode.MULTIRUN:
        raise SystemExit(FAILURE)


def test(folder: Path, recipe: Recipe, architecture: Architecture, seed: int) -> None:
    """Measure the weights of the best epoch on the test split and add that to the result."""
    recipe = resolve_precision(recipe, folder, StepTimer(recipe))
    module = make_module(recipe, architecture, seed, start_from=folder / WEIGHTS)
    metric = metric_on_test(recipe, module)
    result = read_result(folder)
    result |= {"test": metric, "test_measures": module.test_measures}
    write_facts(folder / RESULT, result)


def logged(
    folder: Path, cfg: DictConfig, recipe: Recipe, architecture: Architecture
) -> AbstractContextManager[TrainingLog | None]:
    """The training's run on W&B, beside others of its task and budget; None without a logger."""
    if not cfg.logger:
        return nullcontext()
    facts = {
        "run": {key: value for key, value in identity(cfg).items() if key != "cell"},
        **facts_of(recipe, architecture, cfg.seed, count_parameters(recipe, architecture)),
    }
    choice = {key: cfg.logger[key] for key in ("project", "entity", "mode")}
    group = HydraConfig.get().runtime.choices.get("sweeps")
    group = group or f"{recipe.task.name}-{recipe.budget.name}"
    return training_log(folder, recipe.task.metric_name, facts, group=group, **choice)


def report(folder: Path) -> None:
    result = read_result(folder)
    tested = {result["metric"]: result["test"], **result["test_measures"]}
    validated = {result["metric"]: result["valid"], **result["valid_measures"]}
    where = f"epoch {result['best_epoch']} of {len(result['curve'])}"
    minutes = f"{result['wall_seconds'] / 60:.1f} minutes"
    for name, value in validated.items():
        test_value = tested.get(name)
        on_test = "not tested" if test_value is None else f"test {metric_text(test_value)}"
        write_line(f"{name}: valid {metric_text(value)}, {on_test} ({where}, {minutes})")
    for name, text in result["notes"].items():
        write_line(f"{name}: {text}")
    for name in (RESULT, WEIGHTS, CELL):
        write_line(f"  {folder / name}")
