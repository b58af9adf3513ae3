import random
from collections import Counter, defaultdict
from typing import Any

import pytest
from toy_landscape import GRAPH, SUBJECTS, TowardsTarget, drive

from archsearch.archive import Trial
from archsearch.cell import zoo
from archsearch.search.exploration import Exploration, LogUniform, OneOf

PRIORS = {"learning_rate": LogUniform(0.01, 1.0), "num_layers": OneOf([1, 2, 3])}
SUBJECT = SUBJECTS["exploration on graph"]


def search(seed: int = 1, **parameters: Any) -> Exploration:
    defaults = {"list_size": 10, "draws": 1, "priors": PRIORS}
    return Exploration(GRAPH, random.Random(seed), **{**defaults, **parameters})


def operations(trials: list[Trial]) -> list[str]:
    return [trial.candidate.origin.operation for trial in trials]


def test_begins_with_lstm_and_gru() -> None:
    trials = drive(search(), TowardsTarget(SUBJECT, 1), 10)
    assert [t.candidate.architecture for t in trials[:2]] == [zoo["lstm"], zoo["gru"]]
    assert operations(trials)[:2] == ["seed", "seed"]
    assert "seed" not in operations(trials)[2:]


def test_every_architecture_is_drawn_several_hyperparameters() -> None:
    trials = drive(search(draws=5, inherit_rate=0), TowardsTarget(SUBJECT, 1), 50)
    for step in range(0, 50, 5):
        candidates = [trial.candidate for trial in trials[step : step + 5]]
        assert len({candidate.architecture for candidate in candidates}) == 1
        assert len({candidate.key for candidate in candidates}) == 5
        assert all(candidate.origin == candidates[0].origin for candidate in candidates)
        for candidate in candidates:
            assert 0.01 <= candidate.hyperparameters["learning_rate"] <= 1
            assert candidate.hyperparameters["num_layers"] in (1, 2, 3)


def test_mutants_have_some_of_the_best_hyperparameters_of_their_parents() -> None:
    trials = drive(search(inherit_rate=0.6), TowardsTarget(SUBJECT, 1), 300)
    number = {trial.candidate.number: trial.candidate for trial in trials}
    num_inherited = num_mutants = 0
    for trial in trials[20:]:
        candidate = trial.candidate
        if candidate.origin.operation == "mutation":
            (parent,) = (number[n] for n in candidate.origin.parents)
            rates = [c.hyperparameters["learning_rate"] for c in (candidate, parent)]
            num_mutants += 1
            num_inherited += rates[0] == rates[1]
    assert num_inherited / num_mutants == pytest.approx(0.6, abs=0.1)


def test_an_architecture_counts_as_much_as_its_best_trial() -> None:
    """With a list of one, what is taken next is always the best trial of the best architecture."""
    noise = random.Random(5)
    trials = drive(search(list_size=1), lambda _: -noise.random(), 200, window=1)
    best = None
    for trial in trials:
        if trial.candidate.origin.parents:
            assert best is not None
            assert trial.candidate.origin.parents == (best.candidate.number,)
        if best is None or trial.fitness > best.fitness:
            best = trial


def test_parents_come_from_a_list_of_the_best() -> None:
    strategy = search(list_size=4)
    trials = drive(strategy, TowardsTarget(SUBJECT, 1), 300, window=1)
    best: dict[str, float] = defaultdict(lambda: float("-inf"))
    architecture = {t.candidate.number: t.candidate.architecture.key for t in trials}
    for trial in trials:
        key = trial.candidate.architecture.key
        for parent in trial.candidate.origin.parents:
            better = sum(f > best[architecture[parent]] for f in best.values())
            assert better < 4
        best[key] = max(best[key], trial.fitness)
    assert strategy.status()["listed"] == 4


def test_steps_of_both_kinds_come_at_their_rate() -> None:
    trials = drive(search(revisit_rate=0.3), TowardsTarget(SUBJECT, 1), 300)
    counts = Counter(operations(trials[2:]))
    assert counts["new_hyperparameters"] / 298 == pytest.approx(0.3, abs=0.08)
    assert counts["mutation"] + counts["new_hyperparameters"] == 298


def test_without_priors_each_architecture_comes_once_and_with_no_hyperparameters() -> None:
    for priors in (None, {}):
        trials = drive(search(priors=priors, draws=20), TowardsTarget(SUBJECT, 1), 60)
        assert all(not trial.candidate.hyperparameters for trial in trials)
        assert len({trial.candidate.key for trial in trials}) == 60


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"list_size": 0}, "list_size: expected an integer 1 or more, got 0"),
        ({"revisit_rate": 1.1}, r"revisit_rate: expected a number between 0 and 1, got 1\.1"),
        ({"draws": 0}, "draws: expected an integer 1 or more, got 0"),
        ({"inherit_rate": -1}, "inherit_rate: expected a number between 0 and 1, got -1"),
        ({"priors": {"lr": OneOf([1])}}, "priors: expected some of learning_rate, .*, got lr"),
    ],
)
def test_parameters_out_of_range(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        search(**parameters)


def test_priors_out_of_range() -> None:
    for low, high in ((0, 1), (2, 1), (-1, 1), (1, float("inf"))):
        with pytest.raises(ValueError, match="expected 0 < low < high"):
            LogUniform(low, high)
    with pytest.raises(ValueError, match="values: expected at least one"):
        OneOf([])


def test_another_kind_of_space() -> None:
    with pytest.raises(ValueError, match=r"space: expected a GraphSpace .*cell_space=graph"):
        Exploration("gp_tree", random.Random(1))  # type: ignore[arg-type]
