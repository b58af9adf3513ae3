"""The evaluator that trains: a candidate and a seed in, a trial out."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from archsearch.architecture import Architecture
from archsearch.archive import Candidate, Guess, Json, Metric, Status, Trial
from archsearch.archive.best_weights import facts_about, is_worth_leaving, left_weights
from archsearch.archive.records import GUESS
from archsearch.predictor import CurvePredictor
from archsearch.search.executor import Evaluator
from archsearch.train import (
    Diverged,
    Fit,
    Recipe,
    TimeLimit,
    TooManyParameters,
    TrainingFailure,
    fit,
    matched_width,
    set_up_process,
)
from archsearch.whole_file import write_whole

# What ends a training by the cell's own fault, and how the trial is then called.
_STATUS: dict[type[TrainingFailure], Status] = {
    Diverged: Status.DIVERGED,
    TimeLimit: Status.TIMEOUT,
    TooManyParameters: Status.INVALID,
}


@dataclass(frozen=True)
class TrainingEvaluatorFactory:
    """Makes the evaluator that trains every candidate by one recipe.

    It is pickled once for each worker process, which then loads the data.

    predictor: if given, a training stops after the epochs that it must see, and what it guesses
    for the last epoch of the budget is the trial's result (Rawal & Miikkulainen 2018, section 2.2).
    run_dir: if given, weights of trials that are better than all that the run knows of are left
    there, for the run to keep.
    """

    recipe: Recipe
    predictor: CurvePredictor | None = None
    run_dir: Path | None = None

    def __post_init__(self) -> None:
        budget = self.recipe.budget
        if self.predictor is not None and self.predictor.num_epochs != budget.epochs:
            raise ValueError(
                f"predictor: expected one that guesses epoch {budget.epochs}, the last of "
                f"budget={budget.name}, got one for epoch {self.predictor.num_epochs}; train "
                "one on runs under this budget, or change budget.epochs"
            )

    @property
    def metric(self) -> Metric:
        """Of the trials, and of their curves."""
        return self.recipe.task.measured_by

    curve_metric = metric

    def __call__(self) -> Evaluator:
        import_module("archsearch.train.lightning")  # takes seconds, which are no trial's
        set_up_process()
        self.recipe.load()
        return self.evaluate

    def evaluate(self, candidate: Candidate, seed: int) -> Trial:
        """Train a candidate. Failures of a known kind are trials; all else is raised."""
        start = time.perf_counter()
        try:
            done = self._fit(candidate, seed)
        except TrainingFailure as failure:
            return Trial.failed(
                candidate,
                _STATUS[type(failure)],
                seed,
                str(failure),
                time.perf_counter() - start,
                curve=failure.curve,
                num_params=failure.num_params,
            )
        except (MemoryError, RuntimeError) as error:
            if not _is_out_of_memory(error):
                raise
            cause = (str(error) or "out of memory").splitlines()[0]
            seconds = time.perf_counter() - start
            return Trial.failed(candidate, Status.OUT_OF_MEMORY, seed, cause, seconds)
        metric, details = self._result(done)
        trial = Trial(
            candidate,
            Status.OK,
            seed,
            done.curve,
            metric,
            self.recipe.task.fitness(metric),
            done.num_params,
            time.perf_counter() - start,
            details=details,
        )
        if self.run_dir is not None and not candidate.is_reference:
            _leave_weights(self.run_dir, trial, done)
        return trial

    def recipe_for(self, candidate: Candidate) -> Recipe:
        """With the candidate's hyperparameters in it."""
        return apply(candidate.hyperparameters, self.recipe, candidate.architecture)

    @property
    def num_epochs(self) -> int:
        """Of a training, which a predictor may end early."""
        return self.recipe.budget.epochs if self.predictor is None else self.predictor.num_seen

    def _fit(self, candidate: Candidate, seed: int) -> Fit:
        recipe = self.recipe_for(candidate)
        return fit(recipe, candidate.architecture, seed, num_epochs=self.num_epochs)

    def _result(self, done: Fit) -> tuple[float, Mapping[str, Json]]:
        """The metric, with what it must be quoted with, and whether it was only guessed."""
        task = self.recipe.task
        notes = {"notes": dict(task.notes)} if task.notes else {}
        if self.predictor is None:
            return done.metric, notes
        start = [task.fitness(epoch.valid_metric) for epoch in done.curve]
        (guess,) = self.predictor.predict([start])
        seen = asdict(Guess(len(start), done.metric))
        return task.metric(float(guess)), {**notes, GUESS: seen}


def _leave_weights(run_dir: Path, trial: Trial, done: Fit) -> None:
    """With the budget, whose sizes may be those of the candidate's hyperparameters."""
    if not is_worth_leaving(run_dir, trial):
        return
    path = left_weights(run_dir, trial.candidate.number)
    facts = {**facts_about(trial), "budget": json.dumps(asdict(done.module.budget))}
    write_whole(path, save(done.module.validated_weights(), metadata=facts))


def _is_out_of_memory(error: Exception) -> bool:
    """Torch raises a plain RuntimeError where the memory of the CPU ends."""
    known = isinstance(error, MemoryError | torch.OutOfMemoryError)
    return known or "DefaultCPUAllocator" in str(error)


def apply(hyperparameters: Mapping[str, Any], recipe: Recipe, architecture: Architecture) -> Recipe:
    """The recipe with a candidate's hyperparameters in it; their names are `HYPERPARAMETERS`.

    Raises:
        ValueError: a name that is not known.
    """
    # The hidden size that gives so many parameters depends on all the others.
    for name in sorted(hyperparameters, key=lambda name: name == "num_params"):
        if name not in KNOWN:
            raise ValueError(f"hyperparameters: expected {', '.join(KNOWN)}, got {name!r}")
        recipe = KNOWN[name](recipe, architecture, hyperparameters[name])
    return recipe


def _learning_rate(recipe: Recipe, _: Architecture, value: float) -> Recipe:
    schedule = replace(recipe.training.schedule, lr=value)
    return replace(recipe, training=replace(recipe.training, schedule=schedule))


def _init_scale(recipe: Recipe, _: Architecture, value: float) -> Recipe:
    return replace(recipe, model=partial(recipe.model, init_scale=value))


def _clip_norm(recipe: Recipe, _: Architecture, value: float) -> Recipe:
    return replace(recipe, training=replace(recipe.training, clip_norm=value))


def _num_layers(recipe: Recipe, _: Architecture, value: int) -> Recipe:
    return replace(recipe, budget=replace(recipe.budget, num_layers=value))


KNOWN: dict[str, Callable[[Recipe, Architecture, Any], Recipe]] = {
    "learning_rate": _learning_rate,
    "init_scale": _init_scale,  # weights are drawn from ± this
    "clip_norm": _clip_norm,
    "num_layers": _num_layers,
    "num_params": matched_width,  # the most that the width may bring about
}
