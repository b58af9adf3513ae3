"""Fault drills: real processes, really killed. The search is tests/toys/toy_search.py."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from toy_search import toy_run, without_times

from archsearch.archive import Archive, ArchiveError, Status, Trial

PROGRAM = Path(__file__).parent.parent / "toys" / "toy_search.py"
PATIENCE = 60.0  # for machines that do much else


def start(run_dir: Path, *options: str) -> subprocess.Popen[str]:
    run_dir.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, PROGRAM, run_dir, *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def finish(run_dir: Path, *options: str) -> list[Trial]:
    with start(run_dir, *options) as search:
        out, err = search.communicate(timeout=PATIENCE)
    assert (search.returncode, err) == (0, ""), err
    assert out.endswith("complete\n")
    with Archive.read(f"sqlite:///{run_dir}/archive.sqlite") as archive:
        assert archive.early_trials() == []
        return without_times(archive.trials())


def archived_keys(run_dir: Path) -> set[str]:
    with Archive.open(f"sqlite:///{run_dir}/archive.sqlite", toy_run()) as archive:
        return {t.candidate.key for t in (*archive.trials(), *archive.early_trials())}


def log(run_dir: Path, what: str) -> list[str]:
    file = run_dir / "log"
    lines = file.read_text().splitlines() if file.exists() else []
    return [line.split()[1] for line in lines if line.startswith(f"{what} ")]


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.005)


def alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_for_end(processes: list[psutil.Process]) -> None:
    wait_for(lambda: not any(map(alive, processes)), "the end of the workers")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[Trial]:
    return finish(tmp_path_factory.mktemp("undisturbed"), "--executor=serial", "--seconds=0")


def kill_after(run_dir: Path, options: tuple[str, ...], begun: int, delay: float) -> None:
    """Start a search, and kill it when the log shows so many begun trainings; wait for workers."""
    with start(run_dir, *options) as search:
        wait_for(lambda: len(log(run_dir, "begin")) >= begun or search.poll() is not None, "trials")
        time.sleep(delay)
        workers = [] if search.poll() else psutil.Process(search.pid).children(recursive=True)
        search.kill()
    wait_for_end(workers)


MODES = {"serial": ("--executor=serial",), "processes": (), "async": ("--asynchronous",)}


@pytest.mark.parametrize("mode", MODES)
def test_kill_9_of_the_search_at_any_moment(
    tmp_path: Path, undisturbed: list[Trial], mode: str
) -> None:
    run_dir, options, rng = tmp_path / "run", MODES[mode], random.Random(mode)
    saved: set[str] = set()
    begun = 0
    for _ in range(3):
        ended = len(log(run_dir, "end"))
        kill_after(run_dir, options, begun + rng.randint(1, 6), rng.random() * 0.1)
        assert saved.isdisjoint(log(run_dir, "begin")[begun:]), "an archived cell, trained again"
        saved, begun = archived_keys(run_dir), len(log(run_dir, "begin"))
        lost = set(log(run_dir, "end")[ended:]) - saved
        assert len(lost) <= 4, "no more than what was on its way from two workers to the disk"
    trials = finish(run_dir, *options)
    assert saved.isdisjoint(log(run_dir, "begin")[begun:])
    if mode == "async":
        assert len(trials) == len(undisturbed)
        assert finish(run_dir, *options) == trials
    else:
        assert trials == undisturbed


def test_kill_9_of_a_worker_costs_one_trial(tmp_path: Path) -> None:
    with start(tmp_path, "--workers=1") as search:  # so that no end is reached without another
        wait_for(lambda: len(log(tmp_path, "begin")) >= 5, "trials")
        wait_for(lambda: len(log(tmp_path, "begin")) > len(log(tmp_path, "end")), "a trial")
        os.kill(int(log(tmp_path, "worker")[0]), signal.SIGKILL)
        _, err = search.communicate(timeout=PATIENCE)
    assert (search.returncode, err) == (0, "")
    with Archive.read(f"sqlite:///{tmp_path}/archive.sqlite") as archive:
        trials = archive.trials()
    assert len(trials) == 33
    crashed = [t for t in trials if t.status is Status.CRASHED]
    assert len(crashed) <= 1, "one at most: the worker may have been idle just then"
    assert all("SIGKILL" in (t.cause or "") for t in crashed)
    assert len(log(tmp_path, "worker")) == 2, "the dead worker was replaced"


@pytest.mark.parametrize(
    ("mode", "number"), [("serial", signal.SIGINT), ("processes", signal.SIGTERM)]
)
def test_ctrl_c_saves_and_ends(
    tmp_path: Path, undisturbed: list[Trial], mode: str, number: signal.Signals
) -> None:
    options = MODES[mode]
    with start(tmp_path, *options, "--seconds=0.5") as search:
        wait_for(lambda: len(log(tmp_path, "end")) >= 4, "trials")
        children = psutil.Process(search.pid).children(recursive=True)
        pressed = time.monotonic()
        os.killpg(search.pid, number)  # as a terminal does: workers get it too
        out, err = search.communicate(timeout=PATIENCE)
    assert time.monotonic() - pressed < 10
    assert (search.returncode, err) == (130, "")
    assert out.endswith("interrupted\n")
    wait_for_end(children)
    assert len(set(log(tmp_path, "end")) - archived_keys(tmp_path)) <= 1
    assert finish(tmp_path, *options, "--seconds=0") == undisturbed


def test_two_signals_end_at_once_and_lose_nothing(tmp_path: Path, undisturbed: list[Trial]) -> None:
    with start(tmp_path) as search:
        wait_for(lambda: len(log(tmp_path, "end")) >= 4, "trials")
        children = psutil.Process(search.pid).children(recursive=True)
        os.killpg(search.pid, signal.SIGINT)
        os.killpg(search.pid, signal.SIGINT)
        search.communicate(timeout=PATIENCE)
    wait_for_end(children)
    assert finish(tmp_path, "--seconds=0") == undisturbed


def test_a_second_search_in_the_same_directory_is_refused(tmp_path: Path) -> None:
    with start(tmp_path, "--seconds=5") as search:  # it is killed, and must not end before
        wait_for(lambda: len(log(tmp_path, "begin")) >= 1, "trials")
        with start(tmp_path) as second:
            _, err = second.communicate(timeout=PATIENCE)
        assert second.returncode == 1
        assert f"{ArchiveError.__name__}: {tmp_path}: process {search.pid} on " in err
        search.kill()
