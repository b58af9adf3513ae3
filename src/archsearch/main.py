"""One search, from its configuration to the best cell."""

import functools
import os
import platform
import random
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from archsearch.architecture import Architecture
from archsearch.archive import (
    ARCHIVE_FILE,
    Archive,
    Beginning,
    Machine,
    Metric,
    RunInfo,
    lock_run,
    no_false_start,
)
from archsearch.best_cell import BestCell
from archsearch.cell import zoo
from archsearch.command import Interrupted
from archsearch.config import CONFIG_FILE
from archsearch.config_check import check
from archsearch.data import ROOT_VARIABLE, use_data_root
from archsearch.evaluate.evaluator import TrainingEvaluatorFactory
from archsearch.evaluate.suite import Suite, with_baseline
from archsearch.follow_up import FollowUp
from archsearch.identity import config_hash, identity
from archsearch.machine import processor_name
from archsearch.predictor import ArchitecturePredictor, CurvePredictor
from archsearch.request import Request
from archsearch.revision import revision
from archsearch.search import (
    Callback,
    Ending,
    Executor,
    Interrupt,
    Search,
    Strategy,
)
from archsearch.search.equipment import KNOWN_PAIRS, WARM_START, Equipment, equipped
from archsearch.search.protocol import foresight
from archsearch.space import CellSpace
from archsearch.terminal.leaderboard import Leaderboard
from archsearch.terminal.progress import Progress
from archsearch.train import StepTimer, Task, count_parameters, resolve_precision, set_up_process
from archsearch.train.recipe import recipe_of
from archsearch.train.resources import resources_line
from archsearch.wording import write_line

# The cells of a space that is made of earlier runs.
POOL = "pool.json"
OPENING = (CONFIG_FILE, ARCHIVE_FILE, WARM_START, POOL, KNOWN_PAIRS)  # before the first trial


def search(cfg: DictConfig, request: Request) -> float | None:
    """Search, or go on with the search, that the configuration defines.

    Returns the best fitness, for Hydra sweepers that optimise over runs; None if all trials failed.

    Raises:
        Interrupted: the message says how to go on; what was done is kept.
    """
    check(cfg)
    with data_root(cfg.data.root):
        return carry_out(cfg, request)


@contextmanager
def data_root(root: str | None) -> Iterator[None]:
    """Look for data there, in workers too; a later search of this process may look elsewhere."""
    before = os.environ.get(ROOT_VARIABLE)
    use_data_root(root)
    try:
        yield
    finally:
        os.environ.pop(ROOT_VARIABLE, None)
        if before is not None:
            os.environ[ROOT_VARIABLE] = before


def carry_out(cfg: DictConfig, request: Request) -> float | None:
    """The search itself, of a configuration that was checked."""
    set_up_process()
    run_dir = request.run_dir
    factory, predictor = make_factory(cfg)
    references = chosen_references(cfg, factory.recipe.task)
    for architecture in references.values():  # what does not fit is found here, not in a worker
        count_parameters(factory.recipe, architecture)
    run = RunInfo(run_dir.name, config_hash(identity(cfg)), identity(cfg), revision())
    with (
        lock_run(run_dir),
        no_false_start(run_dir, OPENING),
        Archive.open(run_dir, run) as archive,
    ):
        OmegaConf.save(cfg, run_dir / CONFIG_FILE, resolve=True)
        space = make_space(cfg, run_dir)
        some = space.decode(space.sample(random.Random(0)))
        count_parameters(factory.recipe, some)  # raises where the space does not fit
        strategy = make_strategy(cfg, space, predictor, run_dir)
        threads = OmegaConf.select(cfg, "executor.threads")
        factory = with_precision(factory, run_dir, threads)
        precision = factory.recipe.training.precision
        evaluation = with_suite(cfg, factory, run_dir, threads)
        metric, curve_metric = evaluation.metric, evaluation.curve_metric
        machine = this_machine(precision)
        archive.begin(Beginning(request.asked, metric, curve_metric, tuple(references), machine))
        with instantiate(cfg.executor)(evaluation) as executor, Interrupt() as interrupt:
            for line in first_lines(cfg, factory, strategy, executor):
                write_line(line)
            loop = Search(
                strategy,
                executor,
                archive,
                references=references,
                seed=cfg.seed,
                trials=cfg.trials,
                window=cfg.window,
                asynchronous=cfg.asynchronous,
                compute_seconds=cfg.compute_seconds,
                callbacks=callbacks(cfg, request, metric, references),
            )
            num_archived = len(archive)
            if loop.run(interrupt) is not Ending.COMPLETE:
                raise Interrupted(f"stopped, nothing is lost; to go on: {request.again}")
        if len(archive) == num_archived:
            sys.stdout.write("this run was complete; a larger trials=… goes on with it\n")
        else:
            sys.stdout.write(overhead(loop.seconds) + "\n")
        return best_fitness(archive, len(references))


def make_factory(cfg: DictConfig) -> tuple[TrainingEvaluatorFactory, object]:
    """How candidates are trained, and the predictor, of curves or of cells, if there is one."""
    recipe = recipe_of(cfg)
    recipe.load()  # missing data is found here, not in a worker
    predictor = instantiate(cfg.predictor) if cfg.predictor else None
    if isinstance(predictor, CurvePredictor):
        predictor.predict([[]])  # one that has learnt nothing is found here, not in a worker
    of_curves = predictor if isinstance(predictor, CurvePredictor) else None
    return TrainingEvaluatorFactory(recipe, of_curves), predictor


def this_machine(precision: str) -> Machine:
    """What the run begins on."""
    versions = {name: metadata.version(name) for name in ("torch", "numpy")}
    versions["python"] = platform.python_version()
    return Machine(processor_name(), os.cpu_count() or 1, versions, precision)


def chosen_references(cfg: DictConfig, task: Task[Any, Any]) -> Mapping[str, Architecture]:
    """Those that the configuration names, of the task's own or the zoo; else the task's own."""
    if cfg.references is None:
        return task.references
    return {name: task.references.get(name) or zoo[name] for name in cfg.references}


def make_space(cfg: DictConfig, run_dir: Path) -> CellSpace[Any]:
    space = instantiate(cfg.cell_space)
    if isinstance(space, functools.partial):  # made of earlier runs, which may grow meanwhile
        space = space(kept_in=run_dir / POOL)
    assert isinstance(space, CellSpace)
    return space


def make_strategy(
    cfg: DictConfig, space: CellSpace[Any], predictor: object, run_dir: Path
) -> Strategy:
    """The strategy on its space, with its seeds, and with the predictor inside or before it."""
    equipment = Equipment(
        predictor if isinstance(predictor, ArchitecturePredictor) else None,
        cfg.screening,
        seeds_from=list(cfg.warm_start.runs),
        num_seeds=cfg.warm_start.num_cells,
        pairs_from=list(cfg.warm_start.pairs_from),
    )
    return equipped(instantiate(cfg.search), space, cfg.seed, equipment, run_dir)


def first_lines(
    cfg: DictConfig, factory: TrainingEvaluatorFactory, strategy: Strategy, executor: Executor
) -> Sequence[str]:
    """What the run uses, and what its trials are to the strategy."""
    used = resources_line(factory.recipe, executor.threads, executor.workers)
    return [used, *foresight(strategy, cfg.trials, cfg.window)]


def with_precision(
    factory: TrainingEvaluatorFactory, run_dir: Path, threads: int | None
) -> TrainingEvaluatorFactory:
    """The factory with the run's precision, so that no worker has to choose one.

    threads: torch's for a trial; None: as they are.
    """
    timer = StepTimer(factory.recipe, threads)
    return replace(factory, recipe=resolve_precision(factory.recipe, run_dir, timer))


def with_suite(
    cfg: DictConfig, factory: TrainingEvaluatorFactory, run_dir: Path, threads: int | None
) -> TrainingEvaluatorFactory | Suite:
    """The evaluation on the run's task, whose weights are worth keeping, or on all tasks of the
    suite if one is configured: each has weights of its own."""
    if not cfg.suite:
        return replace(factory, run_dir=run_dir)
    suite = instantiate(cfg.suite)(first=factory, seed=cfg.seed)
    return with_baseline(suite, run_dir, threads)


def callbacks(
    cfg: DictConfig, request: Request, metric: Metric, references: Collection[str]
) -> Sequence[Callback]:
    """Who watches the search: files and displays always, the logger if one is configured."""
    run_dir, choices = request.run_dir, request.asked.choices
    config = OmegaConf.to_container(cfg, resolve=True)
    assert isinstance(config, dict)
    plain = {str(key): value for key, value in config.items()}
    follow_up = FollowUp(run_dir, request.asked, plain, references)
    always = [
        Progress(metric.name, references=references, compute_seconds=cfg.compute_seconds),
        BestCell(run_dir),
        Leaderboard(
            run_dir,
            metric.name,
            next_command=follow_up.train_longer,
            check_command=follow_up.train_at_equal_size,
        ),
    ]
    # The logger first: it may warn before the live panel is there, and is done before the board.
    if not cfg.logger:
        return always
    group = choices.get("sweeps") or f"{choices['task']}-{choices['budget']}"
    log = instantiate(cfg.logger)(run_dir, metric.name, group=group, job_type=choices["search"])
    return [log, *always]


def best_fitness(archive: Archive, num_references: int) -> float | None:
    """Of the strategy's own trials; None if all failed."""
    found = (t for t in archive.best(num_references + 1) if not t.candidate.is_reference)
    return next((trial.fitness for trial in found), None)


def overhead(seconds: Mapping[str, float]) -> str:
    """What the search itself cost beside the training that it waited for."""
    own = {activity: spent for activity, spent in seconds.items() if activity != "wait"}
    share = sum(own.values()) / sum(seconds.values())
    parts = ", ".join(f"{activity} {spent:.1f} s" for activity, spent in own.items())
    return f"the search itself took {share:.2%} of the time ({parts})"
