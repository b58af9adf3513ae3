"""The files of the best cell: up to date, whole at every moment, and only written when needed."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from safetensors.numpy import save_file

from archsearch.archive.best_weights import best_weights, facts_about, left_weights
from archsearch.best_cell import BestCell
from archsearch.cell import parse, zoo
from archsearch.search.callback import Ending
from archsearch.whole_file import write_whole

FILES = {"best_cell.txt", "best_cell.svg", "best_cell.equations.txt", "best_cell.equations.tex"}


def best_in(run_dir: Path) -> str:
    return parse((run_dir / "best_cell.txt").read_text(encoding="utf-8")).key


def test_files_follow_the_best_cell(tmp_path, tell, some_trials) -> None:
    tell(BestCell(tmp_path), some_trials[:4])
    assert best_in(tmp_path) == zoo["mut2"].key  # better references are no finds
    tell(BestCell(tmp_path), some_trials)
    assert {path.name for path in tmp_path.iterdir()} == FILES
    assert best_in(tmp_path) == zoo["nascell"].key
    ElementTree.parse(tmp_path / "best_cell.svg")
    equations = (tmp_path / "best_cell.equations.txt").read_text(encoding="utf-8")
    assert equations == zoo["nascell"].equations() + "\n"


def test_replay_writes_once_even_if_no_new_trial_comes(
    monkeypatch, tmp_path, tell, some_trials
) -> None:
    written = []
    monkeypatch.setattr(
        "archsearch.best_cell.write_whole",
        lambda path, text: written.append(path.name),
    )
    callback = BestCell(tmp_path)
    tell(callback, some_trials, replayed=len(some_trials))
    assert written == []
    callback.on_end(Ending.COMPLETE)
    assert sorted(written) == sorted(FILES)


def test_worse_trials_write_nothing(tmp_path, tell, trials) -> None:
    callback = BestCell(tmp_path)
    tell(callback, [trials.ok(100.0)])
    (tmp_path / "best_cell.txt").unlink()
    callback.on_trial(trials.ok(101.0), {})
    assert not (tmp_path / "best_cell.txt").exists()


def leave(run_dir: Path, trial) -> Path:
    """As an evaluator does."""
    path = left_weights(run_dir, trial.candidate.number)
    save_file({"w": np.zeros(2, np.float32)}, path, facts_about(trial))
    return path


def test_weights_follow_the_best_cell_through_interruptions(tmp_path, tell, trials) -> None:
    first, worse, early = (trials.ok(metric) for metric in (100.0, 101.0, 90.0))
    left = [leave(tmp_path, trial) for trial in (first, worse, early)]
    tell(BestCell(tmp_path), [first, worse])
    assert best_weights(tmp_path, first) is not None
    assert [path.exists() for path in left] == [False, False, True]  # whose turn has not come
    killed_before_it_took_them = [first, worse, early]
    again = BestCell(tmp_path)
    tell(again, killed_before_it_took_them, replayed=3)
    assert best_weights(tmp_path, early) is None
    again.on_end(Ending.COMPLETE)
    assert best_weights(tmp_path, early) is not None
    tell(BestCell(tmp_path), [first, worse, early, trials.ok(95.0)], replayed=3)
    assert best_weights(tmp_path, early) is not None
    tell(BestCell(tmp_path), [first, worse, early, trials.ok(80.0)], replayed=3)
    assert not list(tmp_path.rglob("*.safetensors"))  # they would be those of another cell


def test_failed_write_leaves_the_old_file_and_no_litter(monkeypatch, tmp_path) -> None:
    file = tmp_path / "best_cell.txt"
    write_whole(file, "old ∘\n")

    def full_disk(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_whole(file, "new\n")
    assert file.read_text(encoding="utf-8") == "old ∘\n"
    assert list(tmp_path.iterdir()) == [file]
