import dataclasses
import math
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from toy_search import without_times

from archsearch.archive import Candidate, Epoch, Origin, Status
from archsearch.archive.best_weights import best_weights, keep_weights, left_weights
from archsearch.cell import zoo
from archsearch.data import load_xml
from archsearch.evaluate import Processes, Serial
from archsearch.evaluate import evaluator as module
from archsearch.evaluate.evaluator import TrainingEvaluatorFactory
from archsearch.nn import LanguageModel
from archsearch.predictor import CurvePredictor
from archsearch.search import Interrupt
from archsearch.train import (
    Adam,
    Budget,
    Diverged,
    LanguageTask,
    Recipe,
    TimeLimit,
    TooManyParameters,
    Training,
    fit,
)

CANDIDATES = [
    Candidate(number, zoo[name], None, Origin("reference"))
    for number, name in enumerate(("rnn", "gru"))
]


@pytest.fixture
def factory() -> TrainingEvaluatorFactory:
    corpus = partial(load_xml, train_symbols=2000, valid_symbols=500)
    return TrainingEvaluatorFactory(
        Recipe(
            LanguageTask("xml", corpus),
            partial(LanguageModel, tied=True),
            Budget("test", epochs=2, num_layers=1, hidden_size=8, batch_size=4, unroll_steps=20),
            Training("adam", Adam(lr=0.01)),
        )
    )


def test_a_trial_is_the_same_in_every_process_and_after_any_other(
    factory: TrainingEvaluatorFactory,
) -> None:
    threads = torch.get_num_threads()
    with Serial(factory) as serial, Processes(factory, workers=1) as processes:
        here, there = (
            [next_trial(executor, candidate) for candidate in order]
            for executor, order in ((serial, CANDIDATES), (processes, CANDIDATES[::-1]))
        )
    torch.set_num_threads(threads)
    assert without_times(here) == without_times(there[::-1])
    for trial in here:
        assert trial.status is Status.OK
        assert trial.metric == trial.curve[-1].valid_metric
        assert trial.fitness == -math.log(trial.metric or 0)
        assert (len(trial.curve), trial.seed) == (2, 3)
        assert trial.wall_seconds >= trial.curve[-1].wall_seconds > trial.curve[0].wall_seconds
        assert (trial.num_params or 0) > 300


def test_who_evaluates_flushes_denormals(factory: TrainingEvaluatorFactory) -> None:
    tiny = torch.tensor(1e-38)
    assert (tiny * 0.01).item() != 0
    factory()
    assert (tiny * 0.01).item() == 0


def test_a_better_trial_leaves_the_weights_that_it_ended_with(
    factory: TrainingEvaluatorFactory, tmp_path: Path
) -> None:
    lstm, gru, again = (
        Candidate(number, zoo[name], None, Origin("random"))
        for number, name in enumerate(("lstm", "gru", "lstm"))
    )
    keeping = dataclasses.replace(factory, run_dir=tmp_path)
    trial = keeping.evaluate(lstm, 3)
    assert without_times([trial]) == without_times([factory.evaluate(lstm, 3)])
    done = fit(factory.recipe, zoo["lstm"], 3)
    keep_weights(tmp_path, trial)
    file = best_weights(tmp_path, trial)
    assert file is not None
    weights, expected = load_file(file), done.module.validated_weights()
    assert weights.keys() == expected.keys()
    assert all(value.equal(weights[name]) for name, value in expected.items())
    better = keeping.evaluate(gru, 3).fitness > trial.fitness
    assert left_weights(tmp_path, 1).exists() is better
    keeping.evaluate(again, 3)  # equally good
    keeping.evaluate(CANDIDATES[1], 3)  # a reference cell
    assert not left_weights(tmp_path, 2).exists()
    assert left_weights(tmp_path, 1).exists() is better


def next_trial(executor, candidate):
    executor.submit(candidate, 3)
    return executor.next_trial(Interrupt())


@pytest.mark.parametrize(
    ("failure", "status", "cause"),
    [
        (Diverged(2, 7, "loss is nan"), Status.DIVERGED, "loss is nan (epoch 2, step 7)"),
        (TimeLimit("over the limit"), Status.TIMEOUT, "over the limit"),
        (TooManyParameters("9,000 parameters"), Status.INVALID, "9,000 parameters"),
        (MemoryError(), Status.OUT_OF_MEMORY, "out of memory"),
        (torch.OutOfMemoryError("CUDA out of memory"), Status.OUT_OF_MEMORY, "CUDA out"),
        (RuntimeError("[…] DefaultCPUAllocator: can't"), Status.OUT_OF_MEMORY, "DefaultCPU"),
    ],
)
def test_known_failures_are_trials(
    factory: TrainingEvaluatorFactory, monkeypatch, failure: Exception, status: Status, cause: str
) -> None:
    curve = (Epoch(3.0, 20.0, 1.0),)
    if isinstance(failure, module.TrainingFailure):
        failure.curve, failure.num_params = curve, 9000

    def fail(*_arguments: object, **_options: object) -> None:
        raise failure

    monkeypatch.setattr(module, "fit", fail)
    trial = factory.evaluate(CANDIDATES[0], 3)
    assert (trial.status, trial.seed, trial.candidate) == (status, 3, CANDIDATES[0])
    assert cause in (trial.cause or "")
    if status is not Status.OUT_OF_MEMORY:
        assert (trial.curve, trial.num_params) == (curve, 9000)


def under(recipe: Recipe, **changes: float) -> Recipe:
    """The same with another budget."""
    return dataclasses.replace(recipe, budget=dataclasses.replace(recipe.budget, **changes))


def test_real_limits_give_real_failures(factory: TrainingEvaluatorFactory) -> None:
    def status(**limits: float) -> Status:
        limited = dataclasses.replace(factory, recipe=under(factory.recipe, **limits))
        return limited.evaluate(CANDIDATES[1], 3).status

    assert status(max_seconds=1e-6) is Status.TIMEOUT
    assert status(max_params=100) is Status.INVALID
    assert status(hidden_size=2**24) is Status.OUT_OF_MEMORY


def test_anything_else_is_a_bug(factory: TrainingEvaluatorFactory, monkeypatch) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(module, "fit", fail)
    with pytest.raises(RuntimeError, match="shapes do not match"):
        factory.evaluate(CANDIDATES[0], 3)


@dataclasses.dataclass
class Halving(CurvePredictor):
    """Guesses that the rest of the training halves the cross entropy."""

    num_seen: int
    num_epochs: int

    def fit(self, curves, seed) -> None: ...

    def predict(self, starts):
        return np.array([start[-1] / 2 for start in starts])

    def state(self):
        return {}

    def restore(self, state) -> None: ...


def test_a_predicted_trial_is_the_beginning_of_a_whole_one(
    factory: TrainingEvaluatorFactory,
) -> None:
    recipe = under(factory.recipe, epochs=3)
    whole = dataclasses.replace(factory, recipe=recipe).evaluate(CANDIDATES[1], 3)
    predicting = dataclasses.replace(factory, recipe=recipe, predictor=Halving(2, 3))
    (trial,) = without_times([predicting.evaluate(CANDIDATES[1], 3)])
    assert trial.curve == without_times([whole])[0].curve[:2]
    assert trial.metric == pytest.approx(math.sqrt(trial.curve[-1].valid_metric))
    assert trial.fitness == pytest.approx(-math.log(trial.metric))
    seen = {"epochs_seen": 2, "metric_seen": trial.curve[-1].valid_metric}
    assert trial.details == {"predicted": seen}


def test_a_predictor_for_another_epoch_is_refused(factory: TrainingEvaluatorFactory) -> None:
    with pytest.raises(ValueError, match=r"guesses epoch 2.*got one for epoch 40"):
        dataclasses.replace(factory, predictor=Halving(10, 40))
