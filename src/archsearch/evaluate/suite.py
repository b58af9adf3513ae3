"""Evaluation on several tasks, measured against a known cell, with gates on the way.

Jozefowicz, Zaremba, Sutskever, An Empirical Exploration of Recurrent Network Architectures (2015),
"Search procedure" of the notes at hand:

1. A toy problem of memory must be solved to 95% (`archsearch.data.recall`).
2. On the first task, the run's own, a candidate must get at least 90% of the GRU's result.
3. Then come the further tasks. What counts is the worst result over all tasks, relative to the
   GRU's: "Forces architectures to work well on all tasks".

What the notes leave open, as decided here: a result relative to the baseline is metric / baseline
where higher is better, as for the paper's accuracies, and baseline / metric where lower is: for
perplexities the ratio of the probabilities that a symbol gets. 1 is equal, more is better. The
baseline is trained as the run's configuration says, once where a run begins, under the seed that
the same cell has in the run: as a candidate it gets exactly 1. (The paper's GRU has the best
hyperparameters found for it.) The gate asks what an architecture can do at all: its training is
always the same, whatever the hyperparameters of the candidate and of the run. The gates hold for
all, reference cells included; who does not pass is `Status.REJECTED`.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from archsearch.archive import Candidate, FitnessRule, Json, Metric, Origin, Status, Trial
from archsearch.cell import zoo
from archsearch.data import Recall
from archsearch.evaluate.evaluator import TrainingEvaluatorFactory
from archsearch.search import trial_seed
from archsearch.search.executor import Evaluator
from archsearch.torch_threads import torch_threads
from archsearch.train import Budget, LanguageTask, Model, Recipe, Task, Training
from archsearch.whole_file import write_whole
from archsearch.wording import write_line

BASELINE = "suite_baseline.json"


@dataclass(frozen=True)
class Stage:
    """A further task, and the budget of its trainings; all else is the run's."""

    task: Task[Any, Any]
    budget: Budget


@dataclass(frozen=True)
class RecallGate:
    """A memory test with a training of its own.

    least_recalled: the probability that symbols to recall must get; see `Recall.recalled`.
    """

    corpus: Recall
    budget: Budget
    model: Model
    training: Training
    least_recalled: float = 0.95

    @cached_property
    def factory(self) -> TrainingEvaluatorFactory:
        task = LanguageTask("recall", self.corpus)
        return TrainingEvaluatorFactory(Recipe(task, self.model, self.budget, self.training))

    def refusal(self, candidate: Candidate, seed: int) -> str | None:
        """Why the candidate's architecture does not pass, if it does not."""
        trial = self.factory.evaluate(replace(candidate, hyperparameters={}), seed)
        if trial.metric is None:
            return f"recall: {trial.status}, {trial.cause}"
        recalled = self.corpus.recalled(trial.metric)
        if recalled < self.least_recalled:
            return f"recall: probability {recalled:.3f}, expected {self.least_recalled} at least"
        return None


@dataclass(frozen=True)
class Suite:
    """Makes the evaluator that holds candidates against the gates and trains them on all tasks.

    first: trains on the run's own task.
    seed: the run's.
    further: by name; one with the name of the run's own task is left out.
    least_relative: what the first task must bring, relative to the baseline.
    baseline: a name of the zoo.
    baseline_metrics: the baseline's result on each task, from `with_baseline`.
    """

    first: TrainingEvaluatorFactory
    seed: int
    gate: RecallGate | None
    further: Mapping[str, Stage]
    least_relative: float = 0.9
    baseline: str = "gru"
    baseline_metrics: Mapping[str, float] = field(default_factory=dict)
    _refusals: dict[str, str | None] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )  # by architecture, for it comes with many hyperparameters

    def __call__(self) -> Evaluator:
        """Raises ValueError where the baseline was not measured."""
        if self.baseline_metrics.keys() != self.factories.keys():
            raise ValueError(
                f"suite: expected the baseline's results on {', '.join(self.factories)}, got "
                f"{dict(self.baseline_metrics)}; with_baseline(suite, run_dir) measures them"
            )
        for factory in self.factories.values():
            factory()
        return self.evaluate

    @property
    def metric(self) -> Metric:
        """Of the trials."""
        return Metric.under(FitnessRule.METRIC, f"result relative to {self.baseline}")

    @property
    def curve_metric(self) -> Metric:
        """Of the trials' curves, which are those of the first task."""
        return self.first.metric

    @cached_property
    def factories(self) -> Mapping[str, TrainingEvaluatorFactory]:
        """What trains on each task, the run's own first."""
        own, recipe = self.first.recipe.task.name, self.first.recipe
        recipes = {
            name: replace(recipe, task=stage.task, budget=stage.budget)
            for name, stage in self.further.items()
            if name != own
        }
        further = {
            name: replace(self.first, recipe=recipe, predictor=None)
            for name, recipe in recipes.items()
        }
        return {own: self.first, **further}

    def evaluate(self, candidate: Candidate, seed: int) -> Trial:
        """Failures of a known kind, and what does not pass a gate, are trials; all else is raised.

        The curve and the number of parameters are those of the first task.
        """
        start = time.perf_counter()
        if refusal := self._refusal(candidate):
            seconds = time.perf_counter() - start
            return Trial.failed(candidate, Status.REJECTED, seed, refusal, seconds)
        first: Trial | None = None
        results: dict[str, dict[str, Json]] = {}
        for name, factory in self.factories.items():
            trial = factory.evaluate(candidate, seed)
            first = first or trial
            if trial.metric is not None:
                relative = self._relative(name, trial.metric)
                results[name] = {"metric": trial.metric, "relative": relative}
            status, cause = self._judged(name, trial, results)
            if status is not Status.OK:
                return Trial.failed(
                    candidate, status, seed, f"{name}: {cause}", time.perf_counter() - start,
                    curve=first.curve, num_params=first.num_params, details={"tasks": results},
                )  # fmt: skip
        assert first is not None
        worst = min(result["relative"] for result in results.values())
        return replace(
            first,
            metric=worst,
            fitness=worst,
            wall_seconds=time.perf_counter() - start,
            details={**first.details, "tasks": results},
        )

    def measured_baseline(self) -> dict[str, float]:
        """The metric of the baseline on each task.

        Raises:
            ValueError: it fails on a task, or does not pass the gate.
        """
        cell = zoo[self.baseline]
        candidate = Candidate(0, cell, None, Origin.of_reference(self.baseline))
        metrics: dict[str, float] = {}
        problem = self._refusal(candidate)
        for name, factory in self.factories.items():
            if problem is None:
                trial = factory.evaluate(candidate, trial_seed(self.seed, cell.key))
                if trial.metric is None:
                    problem = f"{name}: {trial.cause}"
                else:
                    metrics[name] = trial.metric
        if problem is not None:
            raise ValueError(
                f"suite: the baseline {self.baseline} fails, so nothing can be measured against "
                f"it ({problem}); try a larger budget there, or another trainer"
            )
        return metrics

    def _refusal(self, candidate: Candidate) -> str | None:
        """Of the gate. Depends on the architecture and the run's seed alone."""
        if self.gate is None:
            return None
        key = candidate.architecture.key
        if key not in self._refusals:
            self._refusals[key] = self.gate.refusal(candidate, trial_seed(self.seed, key))
        return self._refusals[key]

    def _relative(self, name: str, metric: float) -> float:
        baseline = self.baseline_metrics[name]
        lower_is_better = self.factories[name].recipe.task.lower_is_better
        return baseline / metric if lower_is_better else metric / baseline

    def _judged(
        self, name: str, trial: Trial, results: Mapping[str, Mapping[str, Json]]
    ) -> tuple[Status, str | None]:
        if trial.status is Status.OK and name == self.first.recipe.task.name:
            relative = results[name]["relative"]
            if relative < self.least_relative:
                return Status.REJECTED, (
                    f"{relative:.3f} of {self.baseline}'s result, expected "
                    f"{self.least_relative} at least"
                )
        return trial.status, trial.cause


def with_baseline(suite: Suite, run_dir: Path, threads: int | None) -> Suite:
    """The suite with its baseline's results: measured where the run begins, then read again.

    threads: torch's for a trial; None: as they are.

    Raises:
        ValueError: the baseline fails, or the run's directory has results that do not fit.
    """
    path = run_dir / BASELINE
    if path.exists():
        return replace(suite, baseline_metrics=_read(path, suite))
    write_line(f"suite: training the baseline {suite.baseline} on {', '.join(suite.factories)}")
    with torch_threads(threads):
        metrics = suite.measured_baseline()
    record = {"cell": suite.baseline, "metrics": metrics}
    write_whole(path, json.dumps(record, indent=2) + "\n")
    return replace(suite, baseline_metrics=metrics)


def _read(path: Path, suite: Suite) -> dict[str, float]:
    text = path.read_text(encoding="utf-8")
    try:
        record: Any = json.loads(text)
        metrics = {name: float(record["metrics"][name]) for name in suite.factories}
    except (ValueError, KeyError, TypeError):
        raise ValueError(
            f"{path}: expected the results of {suite.baseline} on {', '.join(suite.factories)}, "
            f"got {text!r}; restore the file, or delete it to train {suite.baseline} again"
        ) from None
    return metrics
