from dataclasses import replace
from functools import partial

import pytest
from hydra.utils import instantiate
from omegaconf import OmegaConf

from archsearch.archive import Candidate, Origin, Status
from archsearch.archive.records import HYPERPARAMETERS
from archsearch.cell import zoo
from archsearch.data import load_xml
from archsearch.evaluate.evaluator import KNOWN, TrainingEvaluatorFactory, apply
from archsearch.nn import LanguageModel
from archsearch.train import Adam, Budget, LanguageTask, Recipe, Training, count_parameters

TASK = LanguageTask("xml", partial(load_xml, train_symbols=2000, valid_symbols=500))
RECIPE = Recipe(
    TASK,
    partial(LanguageModel, tied=True),
    Budget("test", epochs=2, num_layers=1, hidden_size=8, batch_size=4, unroll_steps=20),
    Training("adam", Adam(lr=0.01), clip_norm=1.0),
)


def evaluate(hyperparameters: dict[str, float]):
    factory = TrainingEvaluatorFactory(RECIPE)
    candidate = Candidate(0, zoo["gru"], None, Origin("test"), hyperparameters)
    return factory.evaluate(candidate, 3)


@pytest.mark.parametrize(
    "hyperparameters", [{"learning_rate": 0.03}, {"init_scale": 0.3}, {"clip_norm": 0.1}]
)
def test_each_changes_the_training_and_not_the_size(hyperparameters: dict[str, float]) -> None:
    plain, changed = evaluate({}), evaluate(hyperparameters)
    assert changed.status is Status.OK
    assert changed.metric != plain.metric
    assert changed.num_params == plain.num_params


def test_a_model_of_the_configuration_takes_them_too() -> None:
    node = {"_target_": "archsearch.nn.LanguageModel", "_partial_": True, "tied": True}
    model = instantiate(OmegaConf.create(node))
    recipe = apply({"init_scale": 0.3}, replace(RECIPE, model=model), zoo["gru"])
    assert count_parameters(recipe, zoo["gru"]) == count_parameters(RECIPE, zoo["gru"])


def test_what_a_candidate_may_bring_is_what_the_evaluator_knows() -> None:
    assert tuple(KNOWN) == HYPERPARAMETERS


def test_the_learning_rate_is_where_the_schedule_begins() -> None:
    recipe = apply({"learning_rate": 0.03}, RECIPE, zoo["gru"])
    assert recipe.training.schedule == Adam(lr=0.03)


@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("num_params", [2000, 50_000])
def test_the_number_of_parameters_is_met_from_below(num_params: int, num_layers: int) -> None:
    hyperparameters = {"num_params": num_params, "num_layers": num_layers}
    recipe = apply(hyperparameters, RECIPE, zoo["lstm"])
    count = count_parameters(recipe, zoo["lstm"])
    assert recipe.budget.num_layers == num_layers
    assert 0.8 * num_params < count <= num_params


def test_an_unknown_name_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"expected learning_rate, .*got 'learningrate'"):
        apply({"learningrate": 1}, RECIPE, zoo["gru"])
