"""Charts of what went on inside strategies."""

import html
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

from toy_runs import write_run

from archsearch.archive import Lesson, Trial
from archsearch.archive.records import GUESS
from archsearch.cell import OPERATORS
from archsearch.findings.pairs import scatters
from archsearch.report.build import build_report
from archsearch.report.folder import PAGE, files_of
from archsearch.report.strategy_charts import FILLS, charts_of
from archsearch.run import Run, load


def test_every_operator_looks_like_itself_alone() -> None:
    assert FILLS.keys() >= OPERATORS.keys()
    assert len(set(FILLS.values())) == len(FILLS)


def with_estimates(trial: Trial) -> Trial:
    details = {**trial.candidate.origin.details, "estimate": -2.55}
    origin = replace(trial.candidate.origin, details=details)
    return replace(trial, candidate=replace(trial.candidate, origin=origin))


def with_hyperparameters(trial: Trial) -> Trial:
    rate = 10 ** -(1 + trial.candidate.number % 3)  # two decades: a logarithmic axis
    own = {"learning_rate": rate, "num_layers": 1 + trial.candidate.number % 2, "clip_norm": 1.0}
    return replace(trial, candidate=replace(trial.candidate, hyperparameters=own))


def names(run: Run) -> set[str]:
    charts = charts_of(run, "x")
    for chart in charts:
        ElementTree.fromstring(chart.svg)
    return {chart.name for chart in charts}


def test_a_strategy_has_the_charts_that_its_trials_give_reason_for(tmp_path: Path) -> None:
    evolved = load(write_run(tmp_path, "gp_neat_small", 1, 20))
    assert names(evolved) == {"x-species", "x-operators"}
    screened = replace(evolved, trials=tuple(map(with_estimates, evolved.trials)))
    assert names(screened) == {"x-species", "x-operators", "x-estimates"}
    tuned = replace(evolved, trials=tuple(map(with_hyperparameters, evolved.trials)))
    assert names(tuned) == {"x-species", "x-operators", "x-learning_rate", "x-num_layers"}
    taught = replace(evolved, lessons={n: Lesson(n, 0.1 * n, 1.0) for n in range(5, 20)})
    assert names(taught) == {"x-species", "x-operators", "x-reward"}


def test_what_is_drawn_of_a_hyperparameter_is_what_candidates_had(tmp_path: Path) -> None:
    evolved = load(write_run(tmp_path, "gp_neat_small", 1, 20))
    tuned = [*map(with_hyperparameters, evolved.proposed)]
    found = {each.name: each for each in scatters(tuned, evolved.metric, evolved.name)}
    assert set(found) == {"learning_rate", "num_layers"}  # one that never changed tells nothing
    assert found["learning_rate"].pairs == [
        (10 ** -(1 + trial.number % 3), trial.metric) for trial in tuned if trial.metric is not None
    ]


def test_guesses_of_final_metrics_are_held_against_whole_trainings(tmp_path: Path) -> None:
    whole = load(write_run(tmp_path, "random", 1, 20))
    seen = {"epochs_seen": 2, "metric_seen": 14.0}
    stopped = tuple(
        replace(trial, metric=trial.metric * 1.01, details={GUESS: seen})
        for trial in whole.trials
        if trial.metric is not None
    )
    config = {**whole.config, "predictor": {"_target_": "archsearch.predictor.saved"}}
    guessed = replace(whole, config=config, trials=stopped)
    both = files_of(build_report([whole, guessed], []))
    assert "figures/setting-2-guesses.svg" in both
    alone = files_of(build_report([guessed], []))
    assert not [name for name in alone if "guesses" in name]
    said = "no run of this report did 3 or more of the same trainings in full"
    assert whole.follow_up is not None
    command = html.escape(whole.follow_up.search_again())
    for page, is_said in ((alone[PAGE].decode(), True), (both[PAGE].decode(), False)):
        assert (said in page) is is_said
    part = alone[PAGE].decode().split(said)[1].split("</code>")[0]
    assert command in part
