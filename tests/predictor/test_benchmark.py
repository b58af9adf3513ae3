"""`python -m archsearch.predictor.benchmark`: files in, scores out."""

import codecs
import gzip
import json
import math
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_curves import toy_curves

from archsearch.predictor import benchmark
from archsearch.predictor.benchmarking import folds
from archsearch.predictor.nas_bench_nlp import read_cells, read_curves
from archsearch.predictor.scores import score

RECIPE = {
    "node_0": {"op": "linear", "input": ["x", "h_prev_0"]},
    "h_new_0": {"op": "activation_tanh", "input": ["node_0"]},
}


@pytest.fixture
def command(monkeypatch, capfd):
    """Runs the command: gives exit code and what it printed."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["benchmark", *map(str, arguments)])
        try:
            benchmark.main()
        except SystemExit as exit_:
            return exit_.code, *capfd.readouterr()
        return 0, *capfd.readouterr()

    return run


def write_lines(path, rows) -> None:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())


def curve_rows(count: int, seed: int) -> list[dict]:
    return [{"val_loss": [-value for value in curve]} for curve in toy_curves(count, seed)]


@pytest.fixture
def files(tmp_path):
    write_lines(tmp_path / "train.jsonl.gz", curve_rows(40, seed=1))
    write_lines(tmp_path / "test.jsonl", curve_rows(20, seed=2))
    marked = codecs.BOM_UTF8 + (tmp_path / "test.jsonl").read_bytes()  # as some editors save it
    (tmp_path / "test.jsonl").write_bytes(marked)
    return tmp_path / "train.jsonl.gz", tmp_path / "test.jsonl"


def test_one_predictor_learns_from_a_file_and_guesses_another(command, files) -> None:
    train, test = files
    arguments = ("--predictor", "last_value", "--train", train, "--test", test)
    code, output, errors = command(*arguments, "--json")
    assert (code, errors) == (0, "")
    figures = json.loads(output)
    assert list(figures) == ["spearman", "kendall", "mape", "seconds"]
    curves = toy_curves(20, seed=2)
    guessed = [math.exp(-c[9]) if len(c) == 40 else 10_000 for c in curves]
    true = [math.exp(-c[39]) if len(c) == 40 else 10_000 for c in curves]
    errors_by_hand = [abs(g - t) / t for g, t in zip(guessed, true, strict=True)]
    assert figures["mape"] == pytest.approx(sum(errors_by_hand) / 20)
    assert 0 < figures["kendall"] < figures["spearman"] <= 1
    code, table, errors = command(*arguments)
    assert f"{figures['mape']:.3f}" in table


def test_predictors_are_cross_validated_on_the_data_root(command, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("ARCHSEARCH_DATA", str(tmp_path))
    arguments = ("--predictor", "last_value", "--quick", "--seeds", "2")
    code, _, errors = command(*arguments)
    assert code == 2
    assert "nas_bench_nlp/wikitext2_curves.jsonl.gz by $ARCHSEARCH_DATA" in errors
    (tmp_path / "nas_bench_nlp").mkdir()
    write_lines(tmp_path / "nas_bench_nlp" / "wikitext2_curves.jsonl.gz", curve_rows(20, seed=1))
    code, output, errors = command(*arguments)
    assert (code, errors) == (0, "")
    assert "2-fold cross-validation, mean ± standard deviation over 2 seeds" in output
    assert "last_value" in output


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "expected a JSON object"),
        ("[1]", "expected a JSON object"),
        ('{"loss": [1]}', "expected a field 'val_loss' with a list of numbers"),
        ('{"val_loss": [1, "2"]}', "val_loss: expected numbers, got '2'"),
        ('{"val_loss": [1], "recipe": {"h_new_0": 3}}', "recipe: recipe, node h_new_0"),
    ],
)
def test_a_bad_line_is_named(command, files, line: str, message: str) -> None:
    train, test = files
    test.write_text('{"val_loss": [NaN]}\n\n' + line + "\n")
    code, output, errors = command("--predictor", "svr", "--train", train, "--test", test, "--json")
    assert (code, output) == (2, "")
    assert errors.startswith(f"archsearch: {test}, line 3: {message}")
    assert errors.count("\n") == 1


def test_files_that_are_none_are_one_line_and_exit_code_2(command, files, tmp_path) -> None:
    damaged, empty = tmp_path / "damaged.gz", tmp_path / "empty"
    damaged.write_bytes(files[0].read_bytes()[:100])
    empty.write_text("")
    for bad in (damaged, empty, tmp_path / "missing", tmp_path):
        code, output, errors = command("--predictor", "svr", "--train", bad, "--test", files[1])
        assert (code, output, errors.count("\n")) == (2, "", 1)
        assert str(bad) in errors


@pytest.mark.parametrize(
    "arguments",
    [("--train", "a"), ("--train", "a", "--test", "b"), ("--json",), ("--seeds", "0"),
     ("--predictor", "oracle")],
)  # fmt: skip
def test_wrong_usage_is_one_line_and_exit_code_2(command, arguments) -> None:
    code, output, errors = command(*arguments)
    assert (code, output, errors.count("\n")) == (2, "", 1)


def test_cells_are_read_with_the_mean_of_their_runs(tmp_path) -> None:
    runs = [[100.0, 300.0], [math.nan, 5.0], [1e300], [None], [123]]
    write_lines(tmp_path / "cells", [{"recipe": RECIPE, "ptb_test_ppl": ppl} for ppl in runs])
    cells = read_cells(tmp_path / "cells")
    perplexities = [math.exp(-cell.fitness) for cell in cells]
    assert perplexities == pytest.approx([200, 10_000, 10_000, 10_000, 123])
    assert {cell.cell.key for cell in cells} == {cells[0].group}


def test_a_curve_that_ends_or_breaks_before_the_epoch_is_the_worst(tmp_path) -> None:
    losses = [[5.0, 4.0, 3.0], [5.0, 4.0], [5.0, math.nan, 3.0], [5.0, 4.0, 99.0]]
    write_lines(tmp_path / "curves", [{"val_loss": values} for values in losses])
    curves = read_curves(tmp_path / "curves")
    worst = -math.log(10_000)
    assert [curve.fitness_at(3) for curve in curves] == pytest.approx([-3, worst, worst, worst])
    assert len({curve.group for curve in curves}) == 4


@given(
    groups=st.lists(st.sampled_from("abcdefgh"), min_size=8).filter(lambda g: len(set(g)) >= 3),
    seed=st.integers(0, 9),
)
def test_folds_test_every_row_once_and_never_part_a_group(groups: list[str], seed: int) -> None:
    parts = list(folds(groups, 3, seed))
    assert sorted(row for _, test in parts for row in test) == list(range(len(groups)))
    for train, test in parts:
        assert sorted(train + test) == list(range(len(groups)))
        assert not {groups[row] for row in train} & {groups[row] for row in test}


def test_scores_by_hand() -> None:
    true = -np.log([100.0, 200.0, 400.0, 20_000.0])
    guessed = -np.log([110.0, 500.0, 400.0, 1e9])
    scores = score(guessed, true)
    assert scores.mape == pytest.approx((0.1 + 1.5 + 0 + 0) / 4)
    assert scores.median == pytest.approx(0.05)
    assert scores.spearman == pytest.approx(0.8)
    assert scores.kendall == pytest.approx(4 / 6)
    assert score(np.zeros(4), true).spearman == 0
