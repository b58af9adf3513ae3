"""The end of a search: order, references in their places, failures, what is printed and kept."""

import csv
import io
from dataclasses import replace

import pytest
from rich.console import Console

from archsearch.archive import Status
from archsearch.best_cell import BestCell
from archsearch.cell import parse, zoo
from archsearch.findings.standings import rank, shown
from archsearch.search.callback import Ending
from archsearch.terminal.leaderboard import Leaderboard

COMMAND = "python -m archsearch.train cell=outputs/some-run task=xml"
CHECK = "python -m archsearch.train -m cell=outputs/some-run,zoo/lstm task=xml"
COMMANDS = {"next_command": lambda best: COMMAND, "check_command": lambda best: CHECK}


def board(run_dir, width=120, **options):
    output = io.StringIO()
    console = Console(file=output, width=width, highlight=False, markup=False)
    leaderboard = Leaderboard(run_dir, "perplexity", **COMMANDS, console=console, **options)
    return leaderboard, output


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
    cause = "the commonest cause (2 of 2): NaN in epoch 2"
    assert f"2 failed: diverged 1, out of memory 1; {cause}" in text
    assert (
        "best cell: trial 6, perplexity 150.00, 12.3k parameters\n"
        "best reference: lstm, perplexity 190.10, 12.3k parameters\n"
        "the best cell is 21.1% better than lstm, with as many parameters; "
        "one seed each shows nothing yet\n"
    ) in text
    equations = zoo["nascell"].equations().splitlines()
    assert all(f"  {line}".rstrip() in text for line in equations)
    assert str(tmp_path / "best_cell.svg") in text
    assert "best_cell.txt, leaderboard.csv" in text
    check = f"check, at equal size under fresh seeds: {CHECK}"
    assert text.splitlines()[-2:] == [check, f"next: {COMMAND}"]


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


def closing_lines(run_dir, tell, told) -> str:
    leaderboard, output = board(run_dir)
    tell(leaderboard, told)
    leaderboard.on_end(Ending.COMPLETE)
    return output.getvalue()


def test_the_best_cell_is_held_against_the_best_reference_whatever_its_name(
    tmp_path, tell, trials
) -> None:
    said = closing_lines(tmp_path, tell, [*trials.references(13.1, 14.0, 13.9), trials.ok(13.5)])
    assert "best reference: rnn, perplexity 13.100" in said
    assert "no cell beats the best reference: the best is 3.1% worse than rnn" in said
    assert "% better" not in said


def test_a_level_cell_is_no_victory_and_parameters_are_said_on_both_sides(
    tmp_path, tell, trials
) -> None:
    *references, gru = trials.references(14.0, 13.9, 13.1)
    gru, cell = replace(gru, num_params=26_700), replace(trials.ok(13.1001), num_params=59_700)
    said = closing_lines(tmp_path, tell, [*references, gru, cell])
    assert "perplexity 13.100, 59.7k parameters" in said
    assert "gru, perplexity 13.100, 26.7k parameters" in said
    assert "no cell beats the best reference: the best is level with gru, with 124% more" in said


def test_where_higher_is_better_more_is_better(tmp_path, tell, trials) -> None:
    def accurate(trial):
        return replace(trial, fitness=trial.metric)

    told = [*map(accurate, trials.references(0.4, 0.5, 0.1)), accurate(trials.ok(0.6))]
    assert "the best cell is 20.0% better than lstm" in closing_lines(tmp_path, tell, told)
    told[1] = trials.failed(Status.TIMEOUT)
    told[-1] = accurate(trials.ok(0.3))
    assert "the best is 25.0% worse than rnn" in closing_lines(tmp_path, tell, told)


def test_of_a_reference_that_has_0_there_is_no_per_cent(tmp_path, tell, trials) -> None:
    reference, cell = trials.references(1.0, 1.0, 1.0)[0], trials.ok(3.0)
    told = [replace(reference, metric=0.0, fitness=0.0), replace(cell, fitness=3.0)]
    assert "the best cell is better than rnn, with" in closing_lines(tmp_path, tell, told)


def test_without_a_reference_nothing_is_compared_or_checked(tmp_path, tell, trials) -> None:
    said = closing_lines(tmp_path, tell, [trials.ok(13.0)])
    assert "best reference" not in said
    assert CHECK not in said
    assert said.splitlines()[-1] == f"next: {COMMAND}"


def test_interrupted_run_prints_what_it_has_and_keeps_the_table(
    tmp_path, tell, some_trials
) -> None:
    leaderboard, output = board(tmp_path)
    tell(leaderboard, some_trials)
    leaderboard.on_end(Ending.INTERRUPTED)
    best, reference, verdict = output.getvalue().splitlines()
    assert best == "best cell: trial 6, perplexity 150.00, 12.3k parameters"
    assert reference.startswith("best reference: lstm")
    assert "21.1% better than lstm" in verdict
    assert (tmp_path / "leaderboard.csv").is_file()


def test_failed_run_prints_and_writes_nothing(tmp_path, tell, some_trials) -> None:
    leaderboard, output = board(tmp_path)
    tell(leaderboard, some_trials)
    leaderboard.on_end(Ending.FAILED)
    assert output.getvalue() == ""
    assert list(tmp_path.iterdir()) == []


def test_run_in_which_everything_failed(tmp_path, tell, trials) -> None:
    causes = ("9,876 parameters, over the limit of 1", "loss is nan", "76 parameters, over the")
    failed = [trials.failed(Status.INVALID, cause) for cause in (*causes, f"87{causes[0]}")]
    text = closing_lines(tmp_path, tell, failed)
    assert f"4 failed: invalid 4; the commonest cause (2 of 4): {causes[0]}" in text
    assert "no cell of the strategy was trained without failing" in text
    assert "rank" not in text
    assert "archsearch.train" not in text  # there is no cell that it could train


def test_terminal_that_cannot_show_equations_shows_question_marks(
    monkeypatch, tmp_path, tell, some_trials
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding="ascii"))
    leaderboard = Leaderboard(tmp_path, "perplexity", **COMMANDS)
    tell(leaderboard, some_trials)
    leaderboard.on_end(Ending.COMPLETE)
    assert b"h_t" in raw.getvalue()
