import math
import resource
import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import islice, product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_search import toy_beginning, toy_cell, toy_run, toy_trial, without_times

from archsearch.archive import (
    Archive,
    ArchiveError,
    Asked,
    Beginning,
    Candidate,
    Epoch,
    FitnessRule,
    Lesson,
    Metric,
    Origin,
    RunInfo,
    Status,
    Trial,
)
from archsearch.cell import zoo


def some_trials(count: int) -> list[Trial]:
    """Trials of different cells, failed ones among them."""
    genomes = islice(product(range(3), repeat=3), count)
    return [
        toy_trial(Candidate(number, toy_cell(genome), list(genome), Origin("toy", (7,))), seed=1)
        for number, genome in enumerate(genomes)
    ]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/archive.sqlite"


@pytest.fixture
def filled(url: str) -> tuple[str, list[Trial]]:
    trials = some_trials(5)
    with Archive.open(url, toy_run()) as archive:
        for trial in trials:
            archive.append(trial)
    return url, trials


def test_trials_come_back_as_they_were_in_the_order_of_their_appending(url: str) -> None:
    trials = some_trials(6)[::-1]
    with Archive.open(url, toy_run()) as archive:
        for trial in trials:
            archive.append(trial)
    with Archive.open(url, toy_run()) as archive:
        assert len(archive) == 6
        assert without_times(archive.trials()) == without_times(trials)
        assert [t.wall_seconds for t in archive.trials()] == [t.wall_seconds for t in trials]


finite = st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=30, deadline=None)
@given(
    genome=st.recursive(st.none() | st.booleans() | finite | st.text(), st.lists, max_leaves=8),
    details=st.dictionaries(st.text(), st.integers() | st.text()),
    curve=st.lists(st.tuples(st.floats(allow_nan=False), finite, finite), max_size=3),
    metric=finite,
    seed=st.integers(0, 2**32 - 1),
    cause=st.none() | st.text(),
)
def test_every_value_survives(genome, details, curve, metric, seed, cause) -> None:
    candidate = Candidate(7, zoo["gru"], genome, Origin("mutation", (1, 2), details))
    epochs = tuple(Epoch(*epoch) for epoch in curve)
    trial = Trial(candidate, Status.OK, seed, epochs, metric, -metric, None, 0.1, cause, 3)
    with Archive.open("sqlite://", toy_run()) as archive:
        archive.append(trial)
        assert archive.trials() == [trial]


def test_best_and_find(url: str) -> None:
    trials = some_trials(12)
    with Archive.open(url, toy_run()) as archive:
        for trial in trials:
            archive.append(trial)
        twin = Candidate(99, trials[0].candidate.architecture, [], Origin("toy"))
        archive.append(trials[0].reuse(twin))
        succeeded = sorted((t for t in trials if t.metric), key=lambda t: t.metric or 0)
        assert [t.candidate for t in archive.best(3)] == [t.candidate for t in succeeded[:3]]
        assert [t.candidate for t in archive.best(99)] == [t.candidate for t in succeeded]


def test_an_early_trial_leaves_its_table_when_its_turn_comes(url: str) -> None:
    first, second = some_trials(2)
    with Archive.open(url, toy_run()) as archive:
        archive.append_early(second)
        assert (archive.trials(), len(archive.early_trials())) == ([], 1)
        archive.append(first)
        archive.append(second)
        assert (len(archive), archive.early_trials()) == (2, [])


def test_a_run_of_another_config_is_refused_by_both_names(filled) -> None:
    url, _ = filled
    with pytest.raises(ArchiveError, match=r"config xyz, got one of config abc \(toy\)"):
        Archive.open(url, toy_run("xyz"))
    with Archive.open(url, RunInfo("renamed", "abc", {}, "later")) as archive:
        assert len(archive) == 5


def test_reading_needs_no_config_and_creates_nothing(filled, tmp_path: Path) -> None:
    url, trials = filled
    with Archive.read(url) as archive:
        assert archive.run == toy_run()
        assert len(archive.trials()) == len(trials)
    with pytest.raises(ArchiveError, match="expected one run named 'other', got toy"):
        Archive.read(url, "other")
    with pytest.raises(ArchiveError, match=r"none\.sqlite: expected the archive of a run"):
        Archive.read(f"sqlite:///{tmp_path}/none.sqlite")
    assert not (tmp_path / "none.sqlite").exists()


def _garbage(file: Path) -> None:
    file.write_bytes(b"no database" * 1000)


def _truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-5000])


def _overwritten(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[4096:12288] = bytes(8192)
    file.write_bytes(content)


def content(file: Path) -> bytes | list[str]:
    """All rows; of a file that cannot be read, the bytes."""
    try:
        with closing(sqlite3.connect(file)) as database:
            return list(database.iterdump())
    except sqlite3.DatabaseError:
        return file.read_bytes()


def _sql(statement: str, file: Path) -> None:
    with closing(sqlite3.connect(file)) as database:
        database.executescript(statement)


@pytest.mark.parametrize("opened", [lambda url: Archive.open(url, toy_run()), Archive.read])
def test_an_archive_of_schema_1_is_read_and_gone_on_with(filled, tmp_path: Path, opened) -> None:
    url, trials = filled
    columns = [(t, c) for t in ("trials", "early_trials") for c in ("hyperparameters", "details")]
    for table, column in columns:
        _sql(f"ALTER TABLE {table} DROP COLUMN {column}", tmp_path / "archive.sqlite")
    _sql("ALTER TABLE runs DROP COLUMN beginning", tmp_path / "archive.sqlite")
    _sql("DROP TABLE lessons", tmp_path / "archive.sqlite")
    _sql("UPDATE schema_version SET version = 1", tmp_path / "archive.sqlite")
    with opened(url) as archive:
        assert without_times(archive.trials()) == without_times(trials)
        assert archive.lessons() == {}
        assert archive.run.beginning is None


def test_of_a_beginning_of_schema_3_the_rest_is_not_known(filled, tmp_path: Path) -> None:
    url, _ = filled
    kept = (
        '{"choices":{"task":"xml"},"config_dir":null,"lower_is_better":true,'
        '"metric_name":"perplexity","overrides":["task=xml"]}'
    )
    _sql(f"UPDATE runs SET beginning = '{kept}'", tmp_path / "archive.sqlite")
    with Archive.read(url) as archive:
        asked = Asked({"task": "xml"}, ("task=xml",), None)
        assert archive.run.beginning == Beginning(asked, Metric("perplexity", True))


def test_what_was_learnt_is_kept_once(url: str) -> None:
    lessons = [Lesson(number, 1.5 * number, 2.0) for number in (3, 5, 4)]
    with Archive.open(url, toy_run()) as archive:
        archive.learn(lessons[:2])
        archive.learn(lessons)  # as a replay does
        archive.learn(())
        assert archive.lessons() == {lesson.number: lesson for lesson in lessons}
        assert list(archive.lessons(since=4)) == [4, 5]


def test_what_a_run_knew_when_it_began_is_written_once(url: str) -> None:
    first = toy_beginning()
    with Archive.open(url, toy_run()) as archive:
        archive.begin(first)
    with Archive.open(url, toy_run()) as archive:
        archive.begin(toy_beginning(FitnessRule.METRIC))
        assert archive.run.beginning == first
    with Archive.read(url) as archive:
        assert archive.run.beginning == first


def test_hyperparameters_and_details_come_back_and_make_another_candidate(url: str) -> None:
    (trial,) = some_trials(1)
    candidate = replace(trial.candidate, hyperparameters={"learning_rate": 0.1, "num_layers": 2})
    tuned = replace(trial, candidate=candidate, details={"tasks": {"xml": 1.5}})
    assert candidate.key != trial.candidate.key
    assert candidate.key.startswith(trial.candidate.key)
    with Archive.open(url, toy_run()) as archive:
        archive.append(tuned)
        assert archive.trials() == [tuned]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_garbage, "not a database"),
        (_truncated, "malformed|damaged"),
        (_overwritten, "malformed|damaged"),
        (lambda file: _sql("UPDATE schema_version SET version = 99", file), "schema 4, got .* 99"),
        (lambda file: _sql("DROP TABLE schema_version", file), "tables of something else"),
        (lambda file: _sql("UPDATE trials SET cell = 'h_t = Tanh(' WHERE id = 2", file), "trial 1"),
        (lambda file: _sql("UPDATE trials SET key = 'x' WHERE id = 2", file), "trial 1.*damaged"),
    ],
)  # fmt: skip
def test_a_damaged_archive_is_one_clear_error_and_stays_as_it_is(
    filled, tmp_path: Path, damage, message: str
) -> None:
    url, _ = filled
    file = tmp_path / "archive.sqlite"
    damage(file)
    before = content(file)
    with pytest.raises(ArchiveError, match=message) as caught, Archive.open(url, toy_run()) as it:
        it.trials()
    assert "\n" not in str(caught.value)
    assert content(file) == before


def test_a_place_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    for path in (tmp_path / "missing" / "archive.sqlite", Path("/proc/archive.sqlite")):
        with pytest.raises(ArchiveError, match=f"{path}.*expected a folder that exists and can"):
            Archive.open(f"sqlite:///{path}", toy_run())
    with pytest.raises(ArchiveError, match="expected the URL of a database"):
        Archive.open("nothing://here", toy_run())


@pytest.fixture
def small_disk() -> Iterator[None]:
    """No file can grow beyond 100 kB: a write fails as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_loses_nothing(url: str, small_disk: None) -> None:
    trials = [
        replace(trial, curve=(Epoch(1.0, 2.0, 3.0),) * 2000, metric=1.0, fitness=0.0)
        for trial in some_trials(12) if trial.status is Status.OK
    ]  # fmt: skip
    with Archive.open(url, toy_run()) as archive:
        with pytest.raises(ArchiveError, match=r"cannot save a trial: .*give the same command"):
            deque(map(archive.append, trials), maxlen=0)
        saved = len(archive)
        assert 0 < saved < len(trials)
        assert archive.trials() == trials[:saved]
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        archive.append(trials[saved])
    with Archive.open(url, toy_run()) as archive:
        assert archive.trials() == trials[: saved + 1]


def test_a_trial_cannot_be_saved_twice(filled) -> None:
    url, trials = filled
    with (
        Archive.open(url, toy_run()) as archive,
        pytest.raises(ArchiveError, match="one process at a time"),
    ):
        archive.append(trials[0])


def test_a_failed_trial_has_no_metric_and_the_lowest_fitness() -> None:
    candidate = Candidate(0, zoo["rnn"], None, Origin("reference"))
    trial = Trial.failed(candidate, Status.TIMEOUT, 1, "too slow", 5.0)
    assert (trial.metric, trial.fitness) == (None, -math.inf)
    with pytest.raises(AssertionError):
        replace(trial, status=Status.OK)
