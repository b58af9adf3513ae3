"""What a user sees while a search runs, in a log and on terminals of several widths."""

import io
import re

import pytest
from rich.console import Console

from archsearch.archive import Status, Trial
from archsearch.search.callback import Ending
from archsearch.terminal.pace import Pace
from archsearch.terminal.panel import sparkline
from archsearch.terminal.progress import Progress


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def terminal(width: int) -> Console:
    return Console(
        file=io.StringIO(), force_terminal=True, width=width, height=50, highlight=False,
        markup=False, record=True,
    )  # fmt: skip


def test_log_has_one_aligned_line_a_trial_with_all_that_is_known(tell, some_trials) -> None:
    output = io.StringIO()
    progress = Progress("perplexity", console=Console(file=output))
    tell(progress, some_trials)
    progress.on_end(Ending.COMPLETE)
    title, header, *lines = output.getvalue().splitlines()
    assert title == "xml-smoke-random-seed1-0123abcd"
    assert len(lines) == len(some_trials)
    assert lines[1].split() == [
        "ref",
        "1",
        "190.10",
        "-",
        "12.3k",
        "1.5s",
        "0:00",
        "reference",
        "lstm",
    ]
    assert lines[4].split()[:5] == ["2/6", "4", "diverged", "212.32", "999"]
    assert lines[4].endswith("crossover of 3, 4: NaN in epoch 2")
    assert lines[6].split()[2:4] == ["150.00", "150.00"]
    assert lines[7].endswith("mutation of 6, same cell as 6")
    assert lines[8].split()[2:5] == ["out", "of", "memory"]
    assert {line.index("  " + line.split("  ")[-1]) for line in lines} == {header.index("  origin")}
    assert output.getvalue().isascii()


def test_log_is_plain_even_where_colour_is_forced(monkeypatch, tell, some_trials) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    output = io.StringIO()
    tell(Progress("perplexity", console=Console(file=output)), some_trials)
    assert "\x1b" not in output.getvalue()


def test_resumed_log_says_so_and_does_not_repeat_old_trials(tell, some_trials) -> None:
    output = io.StringIO()
    tell(Progress("perplexity", console=Console(file=output)), some_trials, replayed=7)
    lines = output.getvalue().splitlines()
    assert "resumed after 7 trials" in lines
    assert len(lines) == 3 + 2
    assert lines[3].split()[0] == "5/6"


@pytest.mark.parametrize("width", [60, 80, 120])
def test_panel_fits_the_width_and_shows_where_the_search_stands(width, tell, some_trials) -> None:
    console = terminal(width)
    progress = Progress("perplexity", console=console, live=True, refreshes_per_second=0.01)
    tell(progress, some_trials)
    console.export_text(clear=True)  # forget what was animated; look at the last panel
    console.print(progress._panel)
    shown = console.export_text()
    progress.on_end(Ending.COMPLETE)
    assert max(map(len, shown.splitlines())) <= width
    for expected in (
        "xml-smoke-random-seed1-0123abcd", "6/6", "generation 2, active species 3",
        "trial 6, perplexity 150.00, 12.3k param", "21.1% better than lstm, with as", "h_t = ",
        "lstm 190.10 (12.3k), gru 196.44 (12.3k),", "diverged 1, out of memory 1",
        "212.32 to 150.00",
    ):  # fmt: skip
        assert expected in shown


@pytest.mark.parametrize("width", [60, 80])
def test_terminal_lines_above_the_panel_never_wrap(width, tell, some_trials) -> None:
    console = terminal(width)
    progress = Progress("perplexity", console=console, live=True, refreshes_per_second=0.01)
    tell(progress, some_trials)
    progress.on_end(Ending.INTERRUPTED)
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", console.file.getvalue())
    lines = re.findall(r" *(?:\d/6|ref)  +\d  .*", shown)
    assert len(lines) == len(some_trials)
    assert max(map(len, lines)) <= width


def test_colour_of_a_line_does_not_spill_into_the_panel(tell, some_trials) -> None:
    console = terminal(80)
    progress = Progress("perplexity", console=console, live=True, refreshes_per_second=0.01)
    tell(progress, some_trials[:5])
    progress.on_end(Ending.COMPLETE)
    assert set(re.findall(r"\x1b\[([0-9;]*)mtrials", console.file.getvalue())) == {"2"}


def test_no_color_is_respected(monkeypatch, tell, some_trials) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    console = terminal(80)
    progress = Progress("perplexity", console=console, live=True, refreshes_per_second=0.01)
    tell(progress, some_trials)
    progress.on_end(Ending.COMPLETE)
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", console.file.getvalue())


def test_panel_before_any_trial_and_after_failures_only(tell, trials) -> None:
    console = terminal(60)
    progress = Progress("perplexity", console=console, live=True, refreshes_per_second=0.01)
    tell(progress, [])
    console.print(progress._panel)
    assert "none yet" in console.export_text()
    progress.on_end(Ending.FAILED)


def test_panel_says_that_references_come_first_and_what_is_in_flight(tell, some_trials) -> None:
    console = terminal(80)
    references = ("rnn", "lstm", "gru")
    progress = Progress("perplexity", references=references, console=console, live=True)
    tell(progress, [])
    for trial in some_trials[:5]:
        progress.on_launch(trial.candidate)
    console.print(progress._panel)
    first = console.export_text(clear=True)
    assert "none yet: first the references, 0 of 3 done" in first
    assert re.search(r"in flight +rnn, lstm, gru, trials 3, 4 ", first)
    for trial in some_trials[:4]:
        progress.on_trial(trial, {})
    console.export_text(clear=True)
    console.print(progress._panel)
    later = console.export_text()
    assert "references, " not in later
    assert re.search(r"in flight +trial 4 ", later)
    progress.on_end(Ending.INTERRUPTED)


def test_ctrl_c_shown_by_the_terminal_does_not_push_the_panel_out_of_place(tell) -> None:
    """It appears where the cursor is, which must not be at the end of a line of full width."""
    console = terminal(60)
    progress = Progress("perplexity", console=console, live=True)
    tell(progress, [])
    drawn = console.file.getvalue()
    progress.on_end(Ending.INTERRUPTED)
    assert drawn.endswith("\n")


@pytest.mark.parametrize("live", [True, False])
def test_why_a_reference_failed_is_said_in_full_when_it_happens(tell, trials, live) -> None:
    console = terminal(60)
    progress = Progress("perplexity", references=("rnn", "lstm"), console=console, live=live)
    failed, cause = trials.references(9.0, 9.0, 9.0), "123,456 parameters, over the limit of 100"
    failed = [
        Trial.failed(t.candidate, status, 7, cause, 1.0)
        for t, status in zip(failed, (Status.INVALID, Status.DIVERGED), strict=False)
    ]
    tell(progress, failed[:1])
    assert cause in " ".join(console.export_text(clear=True).split())
    progress.on_trial(failed[1], {})
    said = " ".join(console.export_text(clear=True).split())
    assert "warning: all references failed" in said
    progress.on_end(Ending.FAILED)


def test_what_failed_before_its_start_ends_without_a_word() -> None:
    written = io.StringIO()
    Progress("perplexity", console=Console(file=written)).on_end(Ending.FAILED)
    assert written.getvalue() == ""


def test_time_left_after_a_resume_counts_only_what_this_process_did() -> None:
    clock = Clock()
    pace = Pace(60, clock=clock)
    for _ in range(40):
        pace.replayed(60.0, is_reference=False)
        clock.seconds += 0.01
    assert pace.seconds_left() is None
    clock.seconds = 1000.0
    pace.replayed(60.0, is_reference=True)
    for _ in range(4):
        clock.seconds += 30.0
        pace.told(60.0, is_reference=False)
    assert pace.trials_per_hour() == pytest.approx(120)
    assert pace.seconds_left() == pytest.approx(16 * 30)
    clock.seconds += 20.0  # and counts down between trials
    assert pace.seconds_left() == pytest.approx(16 * 30 - 20)


def test_time_left_knows_the_limit_on_compute() -> None:
    clock = Clock()
    pace = Pace(1000, compute_seconds=200.0, clock=clock)
    pace.told(50.0, is_reference=True)  # references are not charged
    clock.seconds = 50.0  # two workers: 100 seconds of training in 50
    pace.told(50.0, is_reference=False)
    assert pace.seconds_left() == pytest.approx((200 - 50) / 2)


def test_sparkline_goes_from_first_to_last() -> None:
    assert sparkline([8.0, 4.5, 1.0], 10) == "█▅▁"
    assert sparkline([float(-i) for i in range(100)], 8) == "█▇▆▅▄▃▂▁"
    assert sparkline([3.0], 10) == "▁"
