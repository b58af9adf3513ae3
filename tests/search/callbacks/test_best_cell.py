"""The files of the best cell: up to date, whole at every moment, and only written when needed."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from archsearch.cell import parse, zoo
from archsearch.search.callback import Ending
from archsearch.search.callbacks import BestCell
from archsearch.search.callbacks.atomic import write_atomically

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
        "archsearch.search.callbacks.best_cell.write_atomically",
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


def test_failed_write_leaves_the_old_file_and_no_litter(monkeypatch, tmp_path) -> None:
    file = tmp_path / "best_cell.txt"
    write_atomically(file, "old ∘\n")

    def full_disk(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(file, "new\n")
    assert file.read_text(encoding="utf-8") == "old ∘\n"
    assert list(tmp_path.iterdir()) == [file]
