"""A run on the terminal: shown once, or followed until the search ends."""

import io
import shutil
from pathlib import Path

import pytest
from rich.console import Console
from toy_runs import configuration, trials_of, write_run, write_trials

from archsearch.archive import ARCHIVE_FILE, Archive, ArchiveError, is_locked, lock_run
from archsearch.report.__main__ import main
from archsearch.terminal.live import watch


class Terminal(io.StringIO):
    """What rich takes for a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def console(*, terminal: bool = False, width: int = 110) -> Console:
    file = Terminal() if terminal else io.StringIO()
    return Console(file=file, width=width, force_terminal=terminal, highlight=False)


def shown(on: Console) -> str:
    assert isinstance(on.file, io.StringIO)
    return on.file.getvalue()


def never(seconds: float) -> None:
    raise AssertionError("nothing to wait for")


def test_a_finished_run_is_shown_once_with_all_that_a_user_asks(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "gp_neat_small", 1, 60)
    for width in (60, 80, 110):
        on = console(width=width)
        watch(folder, on, never)
        text = shown(on)
        assert folder.name[: width - 10] in text
        assert "not at work; 60 of 60 trials" in text
        assert all(len(line) <= width for line in text.splitlines())
        for word in ("best so far", "lstm", "gru", "origin", "failed", "diverged"):
            assert word in text


def test_it_follows_a_search_until_that_ends(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "random", 1, 5)
    on, looks = console(terminal=True), []
    lock = lock_run(folder)
    lock.__enter__()

    def work(seconds: float) -> None:
        looks.append(seconds)
        with Archive.open(f"sqlite:///{folder / ARCHIVE_FILE}", _info(folder)) as archive:
            archive.append(trials_of("random", 1, 8)[len(archive)])
        if len(looks) == 2:
            lock.__exit__(None, None, None)

    watch(folder, on, work)
    assert len(looks) == 2
    assert "at work; 5 of 5 trials" in shown(on)
    assert "not at work; 7 of 5 trials" in shown(on)


def _info(folder: Path):
    with Archive.read(f"sqlite:///{folder / ARCHIVE_FILE}") as archive:
        return archive.run


def test_ctrl_c_ends_the_watching_with_one_line_and_not_the_search(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "random", 1, 5)

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    on = console(terminal=True)
    with lock_run(folder):
        watch(folder, on, interrupt)
        assert is_locked(folder)
    assert "no longer watching; the search goes on" in shown(on).rstrip().splitlines()[-1]


def test_where_lines_cannot_be_replaced_a_running_search_is_shown_once(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "random", 1, 5)
    on = console()
    with lock_run(folder):
        watch(folder, on, never)
    assert "at work; 5 of 5 trials" in shown(on)
    assert "\x1b" not in shown(on)


@pytest.mark.parametrize("num_trials", [0, 1])
def test_a_search_that_has_hardly_begun(tmp_path: Path, num_trials: int) -> None:
    cfg = configuration("random", 1, trials=4)
    folder = write_trials(tmp_path, "random", cfg, trials_of("random", 1, 4)[:num_trials])
    on = console()
    watch(folder, on, never)
    assert "0 of 4 trials" in shown(on)


def test_looking_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "random", 1, 3)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    watch(folder, console(), never)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    assert not is_locked(folder)


def test_a_folder_without_a_search_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="expected the archive of a run, got no such file"):
        watch(tmp_path, console(), never)


def test_the_command_prints_the_view_or_refuses_more_than_one_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(shutil.copytree(write_run(tmp_path / "a", "random", 1, 3), tmp_path / "b"))
    monkeypatch.setattr("sys.argv", ["report", "--live", folder])
    main()
    assert "3 of 3 trials" in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["report", "--live", folder, folder])
    with pytest.raises(SystemExit):
        main()
    assert "--live: expected the directory of one run" in capsys.readouterr().err
    for words, said in (
        (["--live", str(tmp_path)], f"{tmp_path}: holds runs and is none; give {tmp_path}/*"),
        (["--live", str(tmp_path / "no")], f"{tmp_path / 'no'}: no such directory"),
        ([], "expected the directories of runs, such as outputs/<run>, got none; try --help"),
    ):
        monkeypatch.setattr("sys.argv", ["report", *words])
        with pytest.raises(SystemExit) as stopped:
            main()
        error = capsys.readouterr().err
        assert (stopped.value.code, error.count("\n")) == (2, 1)
        assert said in error
