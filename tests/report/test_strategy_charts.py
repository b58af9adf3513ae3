"""Charts of what went on inside strategies."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

from toy_runs import write_run

from archsearch.archive import Trial
from archsearch.cell import OPERATORS
from archsearch.report.build import build_report
from archsearch.report.folder import files_of
from archsearch.report.operator_chart import FILLS
from archsearch.report.run_record import RunRecord, read_run
from archsearch.report.strategy_charts import charts_of


def test_every_operator_looks_like_itself_alone() -> None:
    assert FILLS.keys() >= OPERATORS.keys()
    assert len(set(FILLS.values())) == len(FILLS)


def with_estimates(trial: Trial) -> Trial:
    details = {**trial.candidate.origin.details, "estimate": -2.55}
    origin = replace(trial.candidate.origin, details=details)
    return replace(trial, candidate=replace(trial.candidate, origin=origin))


def names(run: RunRecord) -> set[str]:
    charts = charts_of(run, "x")
    for chart in charts:
        ElementTree.fromstring(chart.svg)
    return {chart.name for chart in charts}


def test_a_strategy_has_the_charts_that_its_trials_give_reason_for(tmp_path: Path) -> None:
    evolved = read_run(write_run(tmp_path, "gp_neat_small", 1, 20))
    assert names(evolved) == {"x-species", "x-operators"}
    screened = replace(evolved, trials=tuple(map(with_estimates, evolved.trials)))
    assert names(screened) == {"x-species", "x-operators", "x-estimates"}
    for policy in ("nas_controller_small", "rl_generator_small"):
        assert "x-reward" in names(read_run(write_run(tmp_path, policy, 1, 20)))


def test_guesses_of_final_metrics_are_held_against_whole_trainings(tmp_path: Path) -> None:
    whole = read_run(write_run(tmp_path, "random", 1, 20))
    stopped = tuple(
        replace(trial, metric=trial.metric * 1.01, details={"predicted": {"epochs_seen": 2}})
        for trial in whole.trials
        if trial.metric is not None
    )
    config = {**whole.config, "predictor": {"_target_": "archsearch.predictor.saved"}}
    guessed = replace(whole, config=config, trials=stopped)
    assert "figures/setting-2-guesses.svg" in files_of(build_report([whole, guessed], []))
    assert not [name for name in files_of(build_report([guessed], [])) if "guesses" in name]
