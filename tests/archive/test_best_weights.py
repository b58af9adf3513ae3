"""Weights beside an archive are those of the best trial, or none."""

import math
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from archsearch.archive import ArchiveError, Candidate, Origin, Status, Trial
from archsearch.archive.best_weights import (
    WEIGHTS_FILE,
    best_weights,
    drop_weights,
    facts_about,
    is_worth_leaving,
    keep_weights,
    known_facts,
    left_weights,
)
from archsearch.cell import zoo


def trial(number: int, fitness: float) -> Trial:
    candidate = Candidate(number, zoo["gru"], None, Origin("random"))
    return Trial(candidate, Status.OK, 1, (), -fitness, fitness, 10, 1.0)


def leave(run_dir: Path, of: Trial) -> None:
    path = left_weights(run_dir, of.candidate.number)
    save_file({"w": np.full(3, of.fitness, np.float32)}, path, facts_about(of))


def test_what_was_left_of_the_best_is_kept_once(tmp_path: Path) -> None:
    first = trial(3, -2.0)
    assert is_worth_leaving(tmp_path, first)
    leave(tmp_path, first)
    for _ in range(2):  # a resumed run keeps again what it has
        keep_weights(tmp_path, first)
        assert best_weights(tmp_path, first) == tmp_path / WEIGHTS_FILE
    facts = known_facts(tmp_path)
    assert facts is not None
    assert (facts["trial"], facts["cell"]) == ("3", str(zoo["gru"]))
    for fitness, worth in ((-2.0, False), (-2.1, False), (math.nextafter(-2.0, 0), True)):
        assert is_worth_leaving(tmp_path, trial(4, fitness)) is worth


def test_a_best_trial_without_weights_leaves_none_of_another(tmp_path: Path) -> None:
    leave(tmp_path, trial(3, -2.0))
    keep_weights(tmp_path, trial(3, -2.0))
    keep_weights(tmp_path, trial(5, -1.0))
    assert known_facts(tmp_path) is None
    assert best_weights(tmp_path, trial(5, -1.0)) is None


def test_what_was_left_of_a_beaten_trial_is_removed(tmp_path: Path) -> None:
    leave(tmp_path, trial(3, -2.0))
    drop_weights(tmp_path, trial(3, -2.0))
    drop_weights(tmp_path, trial(4, -2.0))
    assert not left_weights(tmp_path, 3).exists()


@pytest.mark.parametrize("content", [b"hello", b"", None])
def test_a_file_of_someone_else_is_named_and_stays(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / WEIGHTS_FILE
    if content is None:
        save_file({"w": np.zeros(1, np.float32)}, file, {"format": "pt"})
    else:
        file.write_bytes(content)
    before = file.read_bytes()
    with pytest.raises(ArchiveError, match=f"{WEIGHTS_FILE}: expected the weights that the run"):
        keep_weights(tmp_path, trial(3, -2.0))
    assert file.read_bytes() == before
