"""A run that ends before its first trial leaves its directory empty, and any other leaves all."""

from pathlib import Path

import pytest
from toy_search import toy_cell, toy_run, toy_trial

from archsearch.archive import ARCHIVE_FILE, Archive, Candidate, Origin, lock_run, no_false_start

OPENING = ("config.yaml", ARCHIVE_FILE)


def begin(folder: Path, error: BaseException, num_trials: int = 0, early: bool = False) -> None:
    """A run that fails after so many trials."""
    with (
        lock_run(folder),
        no_false_start(folder, OPENING),
        Archive.open(folder, toy_run()) as archive,
    ):
        (folder / "config.yaml").write_text("seed: 1")
        for number in range(num_trials):
            candidate = Candidate(number, toy_cell((number, 0)), None, Origin("toy"))
            (archive.append_early if early else archive.append)(toy_trial(candidate, 1))
        raise error


def fail(folder: Path, error: BaseException, num_trials: int = 0, early: bool = False) -> None:
    with pytest.raises(type(error)):
        begin(folder, error, num_trials, early)


@pytest.mark.parametrize("error", [ValueError("wrong"), KeyboardInterrupt()])
def test_nothing_is_left_of_a_run_without_a_trial(tmp_path: Path, error: BaseException) -> None:
    fail(tmp_path, error)
    assert list(tmp_path.iterdir()) == []
    with lock_run(tmp_path):  # and it can begin again
        assert [file.name for file in tmp_path.iterdir()] == [".lock"]


@pytest.mark.parametrize("early", [False, True])
def test_a_run_with_a_trial_stays(tmp_path: Path, early: bool) -> None:
    fail(tmp_path, KeyboardInterrupt(), 1, early)
    with Archive.read(tmp_path) as archive:
        assert len(archive.trials()) + len(archive.early_trials()) == 1


def test_what_was_there_before_stays(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("of somebody")
    fail(tmp_path, ValueError("wrong"))
    assert {file.name for file in tmp_path.iterdir()} >= {"config.yaml", ARCHIVE_FILE}


def leave_another_file(folder: Path) -> None:
    with no_false_start(folder, OPENING):
        for name in ("config.yaml", "suite_baseline.json"):
            (folder / name).write_text("hours of work")
        raise ValueError("wrong")


def test_a_file_of_another_name_keeps_all(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="wrong"):
        leave_another_file(tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
