"""The end of a search: order, references in their places, failures, what is printed and kept."""

import csv
import io

import pytest
from rich.console import Console

from archsearch.archive import Status
from archsearch.cell import parse, zoo
from archsearch.search.callback import Ending
from archsearch.search.callbacks import BestCell, Leaderboard
from archsearch.search.callbacks.ranking import rank, shown

COMMAND = "python -m archsearch.train cell=outputs/some-run task=xml"


def board(run_dir, width=120, **options):
    output = io.StringIO()
    console = Console(file=output, width=width, highlight=False, markup=False)
    return Leaderboard(run_dir, "perplexity", COMMAND, console=console, **options), output


def test_ranks_by_fitness_with_references_in_their_places_and_failures_last(some_trials) -> None:
    ranked = rank(some_trials)
    assert [entry.label for entry in ranked] == ["1", "lstm", "2", "gru", "3", "rnn", "", ""]
    assert [entry.trial.candidate.number for entry in ranked] == [6, 1, 5, 2, 3, 0, 4, 8]


def test_shows_the_first_rows_and_every_reference(trials) -> None:
    told = [*trials.references(9.0, 3.5, 6.5), *map(trials.ok, (1.0, 2, 3, 4, 5, 6, 7, 8))]
    lines = [entry if isinstance(entry, int) else entry.label for entry in shown(rank(told), 2)]
    assert lines == ["1", "2", "3", "lstm", 3, "gru", 2, "rnn"]


def test_complete_run_prints_the_table_the_best_cell_and_what_comes_next(
    tmp_path, tell, some_trials
) -> None:
    leaderboard, output = board(tmp_path)
    keeper = BestCell(tmp_path)
    tell(keeper, some_trials)
    tell(leaderboard, some_trials)
    leaderboard.on_end(Ending.COMPLETE)
    text = output.getvalue()
    rows = [line.split() for line in text.splitlines()[3:9]]
    assert [(row[0], row[1]) for row in rows] == [
        ("1", "150.00"), ("lstm", "190.10"), ("2", "193.00"),
        ("gru", "196.44"), ("3", "212.32"), ("rnn", "251.30"),
    ]  # fmt: skip
    assert "2 failed: diverged 1, out of memory 1" in text
    assert "best cell: trial 6, perplexity 150.00, 21.1% below lstm" in text
    equations = zoo["nascell"].equations().splitlines()
    assert all(f"  {line}".rstrip() in text for line in equations)
    assert str(tmp_path / "best_cell.svg") in text
    assert "best_cell.txt, leaderboard.csv" in text
    assert text.splitlines()[-1] == f"next: {COMMAND}"


@pytest.mark.parametrize("width", [60, 72, 80, 100])
def test_table_keeps_its_figures_at_every_width(width, tmp_path, tell, some_trials) -> None:
    leaderboard, output = board(tmp_path, width)
    tell(leaderboard, some_trials)
    leaderboard.on_end(Ending.COMPLETE)
    table = output.getvalue().split("trials and")[0].splitlines()
    assert max(map(len, table)) <= width
    assert [line.split()[:2] for line in table if "lstm" in line] == [["lstm", "190.10"]]
    assert any("crossover of 3, 4" in line for line in table)


def test_csv_holds_every_evaluated_trial_in_full(tmp_path, tell, some_trials) -> None:
    leaderboard, _ = board(tmp_path)
    tell(leaderboard, some_trials, replayed=4)
    leaderboard.on_end(Ending.COMPLETE)
    with (tmp_path / "leaderboard.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["trial"] for row in rows] == ["6", "1", "5", "2", "3", "0", "4", "8"]
    best, failed = rows[0], rows[-1]
    assert float(best["fitness"]) == some_trials[6].fitness
    assert parse(best["cell"]).key == best["key"] == zoo["nascell"].key
    assert (failed["status"], failed["perplexity"], failed["fitness"]) == ("out_of_memory", "", "")
    assert failed["cause"] == "NaN in epoch 2"


def test_interrupted_run_prints_one_line_and_keeps_the_table(tmp_path, tell, some_trials) -> None:
    leaderboard, output = board(tmp_path)
    tell(leaderboard, some_trials)
    leaderboard.on_end(Ending.INTERRUPTED)
    assert output.getvalue() == "best cell: trial 6, perplexity 150.00, 21.1% below lstm\n"
    assert (tmp_path / "leaderboard.csv").is_file()


def test_failed_run_prints_and_writes_nothing(tmp_path, tell, some_trials) -> None:
    leaderboard, output = board(tmp_path)
    tell(leaderboard, some_trials)
    leaderboard.on_end(Ending.FAILED)
    assert output.getvalue() == ""
    assert list(tmp_path.iterdir()) == []


def test_run_in_which_everything_failed(tmp_path, tell, trials) -> None:
    leaderboard, output = board(tmp_path)
    tell(leaderboard, [trials.failed(Status.TIMEOUT), trials.failed(Status.TIMEOUT)])
    leaderboard.on_end(Ending.COMPLETE)
    assert "2 failed: timeout 2" in output.getvalue()
    assert "no cell of the strategy was trained without failing" in output.getvalue()


def test_terminal_that_cannot_show_equations_shows_question_marks(
    monkeypatch, tmp_path, tell, some_trials
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding="ascii"))
    leaderboard = Leaderboard(tmp_path, "perplexity", COMMAND)
    tell(leaderboard, some_trials)
    leaderboard.on_end(Ending.COMPLETE)
    assert b"h_t" in raw.getvalue()
