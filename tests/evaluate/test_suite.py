import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from toy_search import without_times

from archsearch.archive import Candidate, Epoch, Origin, Status, Trial
from archsearch.cell import Cell, parse, zoo
from archsearch.conf_files import conf_folder
from archsearch.config import register
from archsearch.data import Recall, load_xml
from archsearch.evaluate import Processes, Serial
from archsearch.evaluate.evaluator import TrainingEvaluatorFactory
from archsearch.evaluate.suite import BASELINE, RecallGate, Stage, Suite, with_baseline
from archsearch.nn import LanguageModel
from archsearch.search import Interrupt, trial_seed
from archsearch.train import Adam, Budget, LanguageTask, Recipe, Training

BUDGET = Budget("test", epochs=1, num_layers=1, hidden_size=8, batch_size=4, unroll_steps=20)
MODEL = partial(LanguageModel, tied=True)
TRAINING = Training("adam", Adam(lr=0.01))
MEMORYLESS = parse("h_t = Tanh(Linear(x_t))")
RUN_SEED = 5


def text(seed: int) -> LanguageTask:
    return LanguageTask(
        f"xml{seed}", partial(load_xml, seed, train_symbols=1000, valid_symbols=400)
    )


def candidate_of(cell: Cell, **hyperparameters: float) -> Candidate:
    return Candidate(3, cell, None, Origin("toy"), hyperparameters)


def gate(least_recalled: float) -> RecallGate:
    corpus = Recall(train_episodes=50, valid_episodes=20)
    return RecallGate(corpus, replace(BUDGET, unroll_steps=8), MODEL, TRAINING, least_recalled)


# --- with trainings ---


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    first = TrainingEvaluatorFactory(Recipe(text(1), MODEL, BUDGET, TRAINING))
    further = {"xml2": Stage(text(2), replace(BUDGET, hidden_size=4))}
    suite = Suite(first, RUN_SEED, gate(0.01), further, least_relative=0.5)
    return with_baseline(suite, tmp_path_factory.mktemp("run"), 1)


def test_the_baseline_is_as_good_as_itself_on_every_task_in_every_process(suite: Suite) -> None:
    seed = trial_seed(RUN_SEED, zoo["gru"].key)
    threads = torch.get_num_threads()
    with Serial(suite) as serial, Processes(suite, workers=1) as processes:
        trials: list[Trial] = []
        for executor in (serial, processes):
            executor.submit(candidate_of(zoo["gru"]), seed)
            trial = executor.next_trial(Interrupt())
            assert trial is not None
            trials.append(trial)
    torch.set_num_threads(threads)
    assert without_times(trials[:1]) == without_times(trials[1:])
    trial = trials[0]
    assert (trial.status, trial.metric, trial.fitness, trial.seed) == (Status.OK, 1.0, 1.0, seed)
    tasks = trial.details["tasks"]
    assert list(tasks) == ["xml1", "xml2"]
    for name, result in tasks.items():
        assert result == {"metric": suite.baseline_metrics[name], "relative": 1.0}
    assert [epoch.valid_metric for epoch in trial.curve] == [tasks["xml1"]["metric"]]
    assert json.loads(json.dumps(trial.details)) == trial.details


def test_who_remembers_nothing_is_rejected_at_the_gate(suite: Suite) -> None:
    strict = replace(suite, gate=gate(0.95))
    trial = strict.evaluate(candidate_of(MEMORYLESS), 1)
    assert (trial.status, trial.metric, trial.curve) == (Status.REJECTED, None, ())
    assert "recall: probability 0.0" in (trial.cause or "")
    assert trial.wall_seconds > 0


@pytest.mark.slow
def test_the_configured_gate_lets_those_pass_who_remember() -> None:
    register()
    with initialize_config_dir(conf_folder(), version_base="1.3"):
        configured = instantiate(compose("config", ["suite=exploration"]).suite.gate)
    for name in ("lstm", "gru"):
        for seed in (1, 2, 3):
            assert configured.refusal(candidate_of(zoo[name]), seed) is None
    assert configured.refusal(candidate_of(MEMORYLESS), 1) is not None


# --- without ---


@dataclass(frozen=True)
class ToyTask:
    """Stands for a task and the results that cells have there: a metric, or a failure."""

    name: str
    results: Mapping[str, float | Status]
    lower_is_better: bool = True


@dataclass(frozen=True)
class ToyFactory(TrainingEvaluatorFactory):
    def __call__(self):
        return self.evaluate

    def evaluate(self, candidate: Candidate, seed: int) -> Trial:
        task = self.recipe.task
        assert isinstance(task, ToyTask)
        names = {cell.key: name for name, cell in (("gru", zoo["gru"]), ("rnn", zoo["rnn"]))}
        result = task.results[names[candidate.architecture.key]]
        if isinstance(result, Status):
            return Trial.failed(candidate, result, seed, "toy", 0.1)
        curve = (Epoch(0.0, result, 0.1),)
        return Trial(candidate, Status.OK, seed, curve, result, -result, 7, 0.1)


def toy_suite(*tasks: ToyTask, run_dir: Path, **options: object) -> Suite:
    recipes = [Recipe(task, MODEL, BUDGET, TRAINING) for task in tasks]  # type: ignore[arg-type]
    first = ToyFactory(recipes[0])
    stages = {recipe.task.name: Stage(recipe.task, BUDGET) for recipe in recipes[1:]}
    suite = Suite(first, RUN_SEED, options.pop("gate", None), stages, **options)  # type: ignore[arg-type]
    return with_baseline(suite, run_dir, None)


def test_the_worst_task_counts(tmp_path: Path) -> None:
    suite = toy_suite(
        ToyTask("perplexity", {"gru": 10.0, "rnn": 8.0}),
        ToyTask("accuracy", {"gru": 0.5, "rnn": 0.4}, lower_is_better=False),
        run_dir=tmp_path,
    )
    trial = suite.evaluate(candidate_of(zoo["rnn"]), 1)
    relatives = {name: result["relative"] for name, result in trial.details["tasks"].items()}
    assert relatives == {"perplexity": pytest.approx(1.25), "accuracy": pytest.approx(0.8)}
    assert trial.metric == trial.fitness == relatives["accuracy"]
    assert trial.curve[-1].valid_metric == 8.0


def test_further_tasks_are_for_those_who_come_near_the_baseline_on_the_first(
    tmp_path: Path,
) -> None:
    first, second = ToyTask("a", {"gru": 10.0, "rnn": 12.0}), ToyTask("b", {"gru": 1.0})
    suite = toy_suite(first, second, run_dir=tmp_path)
    trial = suite.evaluate(candidate_of(zoo["rnn"]), 1)
    assert trial.status is Status.REJECTED
    assert trial.cause == "a: 0.833 of gru's result, expected 0.9 at least"
    assert trial.details["tasks"] == {"a": {"metric": 12.0, "relative": 10 / 12}}
    assert len(trial.curve) == 1


def test_a_failure_names_its_task(tmp_path: Path) -> None:
    first = ToyTask("a", {"gru": 10.0, "rnn": 10.0})
    second = ToyTask("b", {"gru": 1.0, "rnn": Status.DIVERGED})
    trial = toy_suite(first, second, run_dir=tmp_path).evaluate(candidate_of(zoo["rnn"]), 1)
    assert (trial.status, trial.cause) == (Status.DIVERGED, "b: toy")
    assert list(trial.details["tasks"]) == ["a"]


def test_the_gate_asks_an_architecture_once_whatever_its_hyperparameters(tmp_path: Path) -> None:
    asked: list[tuple[Candidate, int]] = []

    class Gate:
        def refusal(self, candidate: Candidate, seed: int) -> str | None:
            asked.append((candidate, seed))
            return "no" if candidate.architecture == zoo["rnn"] else None

    suite = toy_suite(ToyTask("a", {"gru": 10.0}), run_dir=tmp_path, gate=Gate())
    for rate in (0.1, 0.2):
        trial = suite.evaluate(candidate_of(zoo["rnn"], learning_rate=rate), 1)
        assert (trial.status, trial.cause) == (Status.REJECTED, "no")
    key = zoo["rnn"].key
    assert [seed for c, seed in asked if c.architecture.key == key] == [trial_seed(RUN_SEED, key)]


def test_the_run_s_own_task_is_trained_once(tmp_path: Path) -> None:
    task = ToyTask("a", {"gru": 10.0})
    assert list(toy_suite(task, task, run_dir=tmp_path).baseline_metrics) == ["a"]


def test_the_baseline_is_trained_where_the_run_begins_and_then_read(tmp_path: Path) -> None:
    first = toy_suite(ToyTask("a", {"gru": 10.0}), run_dir=tmp_path)
    again = toy_suite(ToyTask("a", {"gru": 99.0}), run_dir=tmp_path)
    assert first.baseline_metrics == again.baseline_metrics == {"a": 10.0}
    for content in ("", "{}", '{"cell": "gru", "metrics": {"b": 1}}', '{"metrics": {"a": "x"}}'):
        (tmp_path / BASELINE).write_text(content)
        with pytest.raises(ValueError, match=r"expected the results of gru on a, got .*restore"):
            toy_suite(ToyTask("a", {"gru": 10.0}), run_dir=tmp_path)


def test_a_baseline_that_fails_is_refused(tmp_path: Path) -> None:
    failing = ToyTask("a", {"gru": Status.DIVERGED})
    with pytest.raises(ValueError, match=r"the baseline gru fails.*\(a: toy\)"):
        toy_suite(failing, run_dir=tmp_path)
    assert not (tmp_path / BASELINE).exists()


def test_without_its_baseline_a_suite_makes_no_evaluator(tmp_path: Path) -> None:
    suite = toy_suite(ToyTask("a", {"gru": 10.0}), run_dir=tmp_path)
    with pytest.raises(ValueError, match=r"expected the baseline's results on a, got \{\}"):
        replace(suite, baseline_metrics={})()
