import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from toy_runs import write_run
from toy_search import toy_beginning

from archsearch.archive import ARCHIVE_FILE, Archive, ArchiveError, Metric
from archsearch.run import Choices, is_search, load


def files(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in sorted(folder.iterdir())}


def forget_beginning(folder: Path) -> None:
    """As earlier revisions did."""
    with closing(sqlite3.connect(folder / ARCHIVE_FILE)) as database:
        database.execute("UPDATE runs SET beginning = NULL")
        database.commit()


def test_a_run_is_read_with_its_names_trials_and_best(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "gp_neat_small", seed=3, num_trials=9)
    run = load(folder)
    assert run.choices == Choices("xml", "tiny", "gp_neat_small", "gp_tree")
    assert (run.seed, run.metric) == (3, toy_beginning().metric)
    assert list(run.references) == ["rnn", "lstm", "gru"]
    assert [trial.candidate.number for trial in run.proposed] == list(range(3, 12))
    assert run.best is max(run.proposed, key=lambda trial: trial.fitness)
    with Archive.read(f"sqlite:///{folder / ARCHIVE_FILE}") as archive:
        for stored, read in zip(run.trials, archive.trials(), strict=True):
            assert stored.candidate.key == read.candidate.key
            assert stored.candidate.architecture.equations() == (
                read.candidate.architecture.equations()
            )


def test_reading_changes_nothing_not_even_an_archive_of_schema_1(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "random", seed=1, num_trials=4)
    with closing(sqlite3.connect(folder / ARCHIVE_FILE)) as database:
        for table in ("trials", "early_trials"):
            for column in ("hyperparameters", "details"):
                database.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        database.execute("ALTER TABLE runs DROP COLUMN beginning")
        database.execute("DROP TABLE lessons")
        database.execute("UPDATE schema_version SET version = 1")
        database.commit()
    before = files(folder)
    assert len(load(folder).trials) == 7
    assert files(folder) == before


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from toy_runs import trials_of
from archsearch.archive import Archive
from archsearch.run import load
folder = Path(sys.argv[1])
archive = Archive.open(f"sqlite:///{folder / 'archive.sqlite'}", load(folder).info)
for trial in trials_of("random", seed=1, num_trials=5)[3:]:
    archive.append(trial)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_run_at_work_and_one_that_was_killed_are_read(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "random", seed=1, num_trials=0)
    toys = Path(__file__).parent / "toys"
    subprocess.run([sys.executable, "-c", KILLED, str(folder), str(toys)], check=False)
    log = folder / f"{ARCHIVE_FILE}-wal"
    size = log.stat().st_size
    assert size > 0  # the trials are only there
    run = load(folder)
    assert len(run.proposed) == 5
    assert log.stat().st_size == size
    with Archive.open(f"sqlite:///{folder / ARCHIVE_FILE}", run.info) as archive:  # at work again
        assert len(load(folder).trials) == len(archive) == 8


def test_directories_that_are_no_runs_say_so(tmp_path: Path) -> None:
    assert not is_search(tmp_path)
    with pytest.raises(ArchiveError, match="expected the archive of a run"):
        load(tmp_path)


def test_a_renamed_directory_changes_nothing_but_the_name(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "gp_neat_small", seed=1, num_trials=2)
    run = load(folder.rename(tmp_path / "mine"))
    assert (run.name, run.choices) == ("mine", Choices("xml", "tiny", "gp_neat_small", "gp_tree"))


def test_what_an_earlier_revision_did_not_keep_is_not_known(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "random", seed=1, num_trials=2)
    forget_beginning(folder)
    run = load(folder)
    assert run.choices == Choices("xml", "tiny", "RandomSearch", "GPTreeSpace")
    assert (run.follow_up, run.metric) == (None, Metric())
