"""`python -m archsearch.predictor.train`: archives in, a saved predictor and its error out."""

import json
import math
import sys
from dataclasses import replace
from itertools import product

import pytest
from safetensors import safe_open
from safetensors.numpy import save_file
from toy_curves import toy_curve, toy_curves
from toy_search import toy_beginning, toy_cell, toy_run

from archsearch.archive import Archive, Candidate, Epoch, FitnessRule, Origin, Status, Trial
from archsearch.archive.records import GUESS
from archsearch.predictor.saved import load_curve_predictor
from archsearch.predictor.train import main
from archsearch.predictor.trial_curves import read_trial_curves

QUICK = [
    "predictor.first.num_networks=2", "predictor.first.passes=5", "predictor.first.hidden_size=8",
    "predictor.second.num_trees=5",
]  # fmt: skip


def trial_of(number: int, genome: tuple[int, ...], fitness: list[float]) -> Trial:
    """A perplexity task's trial with this curve; one that holds NaN has diverged there."""
    candidate = Candidate(number, toy_cell(genome), None, Origin("toy"))
    good = [value for value in fitness if math.isfinite(value)]
    curve = tuple(Epoch(1.0, math.exp(-value), 1.0) for value in good)
    if len(good) < len(fitness):
        return Trial.failed(candidate, Status.DIVERGED, 1, "NaN", 1.0, curve=curve)
    best = max(good)
    return Trial(candidate, Status.OK, 1, curve, math.exp(-best), best, 1000, 1.0)


def write_run(folder, trials, rule=FitnessRule.LOGARITHM) -> None:
    folder.mkdir()
    with Archive.open(f"sqlite:///{folder / 'archive.sqlite'}", toy_run()) as archive:
        if rule is not None:
            archive.begin(toy_beginning(rule))
        for trial in trials:
            archive.append(trial)


@pytest.fixture
def trials() -> list[Trial]:
    genomes = product(range(3), repeat=4)
    curves = toy_curves(30, seed=1)
    pairs = zip(genomes, curves, strict=False)
    return [trial_of(number, genome, curve) for number, (genome, curve) in enumerate(pairs)]


@pytest.fixture
def runs(tmp_path, trials):
    write_run(tmp_path / "a", trials[:20])
    write_run(tmp_path / "b", trials[20:])
    return [tmp_path / "a", tmp_path / "b"]


@pytest.fixture
def command(monkeypatch, tmp_path, capfd):
    """Runs the command: gives exit code and what it printed."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["train", *arguments])
        try:
            main()
        except SystemExit as exit_:
            return exit_.code, *capfd.readouterr()
        return 0, *capfd.readouterr()

    return run


def test_a_predictor_is_trained_saved_and_loaded(command, runs, tmp_path) -> None:
    code, output, errors = command("predictor=meta_lstm", *QUICK, "runs=[a,b]")
    assert (code, errors) == (0, "")
    assert "5 trials held out, learnt from 22 others" in output
    assert "last value seen" in output
    file = tmp_path / "outputs" / "predictor.safetensors"
    with safe_open(file, framework="numpy") as opened:
        held_out = json.loads(opened.metadata()["held_out"])
    assert held_out["trials"] == 5
    assert f"mean error {held_out['mape']:.1%}" in output
    predictor = load_curve_predictor(file)
    assert (predictor.num_seen, predictor.num_epochs) == (10, 40)
    starts = [curve[:10] for curve in toy_curves(5, seed=2)]
    guesses = predictor.predict(starts).tolist()
    command("predictor=meta_lstm", *QUICK, "runs=[a,b]", "out=again")
    assert load_curve_predictor(tmp_path / "again").predict(starts).tolist() == guesses


def test_other_epochs_may_be_seen_and_guessed(command, runs, tmp_path) -> None:
    numbers = ["predictor.num_seen=3", "predictor.num_epochs=12"]
    code, _, errors = command("predictor=svr", *numbers, "runs=[a,b]", "out=svr")
    assert (code, errors) == (0, "")
    predictor = load_curve_predictor(tmp_path / "svr")
    assert (predictor.num_seen, predictor.num_epochs) == (3, 12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["runs=[]"], "runs: expected directories of runs"),
        (["runs=[c]"], "c: expected the archive of a run"),
        (
            ["runs=[a]", "predictor.num_epochs=50"],
            "a: expected trials of 50 epochs or more, got 40",
        ),
        (["runs=[a]", "held_out_share=0.9"], "runs: expected trials of 21 different candidates"),
        (["runs=[a]", "predictor=trained"], "predictor=trained: expected one to train"),
        (["runs=[a]", "predictor=none"], "predictor=none: expected one that reads curves"),
        (["runs=[a]", "predictor.first.passess=3"], "did you mean 'predictor.first.passes'?"),
    ],
)
def test_mistakes_are_one_line(command, runs, arguments: list[str], message: str) -> None:
    code, output, errors = command(*arguments)
    assert code in (1, 2)
    assert (output, errors.count("\n")) == ("", 1)
    assert message in errors


def test_curves_are_those_of_trials_trained_to_their_end(tmp_path, trials) -> None:
    whole, failed_at_once = trials[0], trials[9]
    assert failed_at_once.status is Status.DIVERGED
    failed = trial_of(50, (0, 1, 2), [*toy_curve(5, 1, 1, num_epochs=15), math.nan])
    guessed = replace(trials[1], details={GUESS: {"epochs_seen": 10, "metric_seen": 9.0}})
    late = replace(whole.candidate, number=77)
    short = replace(trials[2], curve=trials[2].curve[:5])
    timeout = Trial.failed(trials[3].candidate, Status.TIMEOUT, 1, "late", 1.0)
    others = [failed_at_once, guessed, whole.reuse(late), short, timeout]
    write_run(tmp_path / "run", [whole, failed, *others])
    curves = read_trial_curves(tmp_path / "run", 10, 40)
    assert [curve.key for curve in curves] == [whole.candidate.key, failed.candidate.key]
    assert curves[0].fitness == pytest.approx(toy_curves(1, seed=1)[0])


def test_fitness_of_a_metric_where_higher_is_better_is_the_metric(tmp_path, trials) -> None:
    accuracy = replace(
        trials[0], curve=tuple(Epoch(1.0, 0.1 * n, 1.0) for n in range(5)), metric=0.4, fitness=0.4
    )
    write_run(tmp_path / "run", [accuracy], FitnessRule.METRIC)
    (curve,) = read_trial_curves(tmp_path / "run", 2, 5)
    assert curve.fitness == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])


def test_a_run_that_does_not_say_how_fitness_follows_is_refused(tmp_path, trials) -> None:
    write_run(tmp_path / "old", trials, rule=None)
    with pytest.raises(ValueError, match="old: expected a run that notes how fitness follows"):
        read_trial_curves(tmp_path / "old", 2, 5)


def test_a_damaged_or_foreign_file_is_no_predictor(command, runs, tmp_path) -> None:
    command("predictor=svr", "runs=[a,b]", "out=good")
    content = (tmp_path / "good").read_bytes()
    (tmp_path / "cut").write_bytes(content[: len(content) // 2])
    (tmp_path / "empty").write_bytes(b"")
    with safe_open(tmp_path / "good", framework="numpy") as opened:
        metadata = opened.metadata()
        state = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    save_file(state, tmp_path / "foreign")
    save_file(state, tmp_path / "other", metadata | {"predictor": "nonsense"})
    save_file(state, tmp_path / "numbers", metadata | {"numbers": '{"speed": 3}'})
    save_file(state, tmp_path / "list", metadata | {"numbers": "[3]"})
    state["support"][0, 0] += 1
    save_file(state, tmp_path / "changed", metadata)
    for name in ("cut", "empty", "foreign", "other", "numbers", "list", "changed", "missing"):
        with pytest.raises(ValueError, match=f"{name}: expected a predictor that") as caught:
            load_curve_predictor(tmp_path / name)
        assert "\n" not in str(caught.value), name
