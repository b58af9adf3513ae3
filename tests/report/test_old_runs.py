"""Runs of earlier revisions: what they do not know is said to be unknown, and they have a page."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from toy_runs import write_run

from archsearch.archive import ARCHIVE_FILE, Metric
from archsearch.config import CONFIG_FILE
from archsearch.findings.comparisons import compare
from archsearch.report.command import write_report
from archsearch.run import load

# Of `python -m archsearch budget=smoke search=random trials=6`, as revision 809f2c6 left it.
OLD = Path(__file__).parent / "schema_2"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    folder = tmp_path / "old"
    folder.mkdir()
    (folder / CONFIG_FILE).write_text((OLD / CONFIG_FILE).read_text())
    with closing(sqlite3.connect(folder / ARCHIVE_FILE)) as database:
        database.executescript((OLD / "archive.sql").read_text())
    return folder


def page(folders: list[Path], out: Path) -> str:
    write_report(folders, out)
    return (out / "index.html").read_text()


def test_what_a_run_of_schema_2_did_not_write_down_is_unknown(old: Path, tmp_path: Path) -> None:
    run = load(old)
    assert (run.metric, run.follow_up, run.machine, run.lessons) == (Metric(), None, None, {})
    assert len(run.trials) == 9
    assert run.best is not None
    assert run.best.fitness == max(trial.fitness for trial in run.proposed)
    said = page([old], tmp_path / "page")
    assert "The metric: one that an earlier revision did not note" in said
    assert "The command that reproduces it is not known" in said
    assert "is better, over" not in said


def test_beside_a_run_that_knows_its_metric_an_old_one_has_that_metric(
    old: Path, tmp_path: Path
) -> None:
    new = load(write_run(tmp_path, "random", 2, 6))
    config = {**new.config, "budget": load(old).config["budget"]}
    (comparison,) = compare([load(old), replace(new, config=config)])
    assert comparison.metric == new.metric
    assert comparison.metric.name == "perplexity"


@pytest.mark.parametrize("is_old", [True, False])
def test_a_renamed_directory_gives_the_same_page_but_for_its_name(
    old: Path, tmp_path: Path, *, is_old: bool
) -> None:
    folder = old if is_old else write_run(tmp_path, "gp_neat_small", 1, 6)
    before = page([folder], tmp_path / "before")
    # As long as the old name, and in the same place, so that the page breaks lines alike.
    name = "z" * len(folder.name)
    after = page([folder.rename(tmp_path / name)], tmp_path / "after")
    assert after.replace(name, folder.name) == before
