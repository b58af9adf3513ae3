"""Keeps the best cell of a run on disk while the search goes on."""

import json
from pathlib import Path

from typing_extensions import override

from archsearch.architecture import Architecture
from archsearch.archive import RunInfo, Trial
from archsearch.archive.best_weights import drop_weights, keep_weights
from archsearch.findings.standings import Standings
from archsearch.search.callback import Callback, Ending, Figures
from archsearch.whole_file import write_whole

CELL_FILE = "best_cell.txt"  # the cell's text and nothing else: `parse` reads it back
DRAWING_FILE = "best_cell.svg"
EQUATIONS_FILE = "best_cell.equations.txt"
LATEX_FILE = "best_cell.equations.tex"
HYPERPARAMETERS_FILE = "best_cell.hyperparameters.json"  # only where it brought its own


def texts_of(cell: Architecture) -> dict[str, str]:
    """What the files about an architecture hold, by their names."""
    return {
        CELL_FILE: f"{cell}\n",
        DRAWING_FILE: cell.to_svg(),
        EQUATIONS_FILE: cell.equations() + "\n",
        LATEX_FILE: cell.equations("latex") + "\n",
    }


class BestCell(Callback):
    """Writes the best cell's text, drawing and equations whenever a better cell is found, and keeps
    the weights that its evaluation has left.

    Each file is replaced in one step, and the text last: the others are never older than it.
    A run in which every trial of the strategy failed has no best cell and none of the files.
    """

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._standings = Standings()
        self._stale = False

    @override
    def on_start(self, run: RunInfo, trials: int) -> None:
        self._standings = Standings()
        self._stale = False

    @override
    def on_replay(self, trial: Trial, figures: Figures) -> None:
        # Written at the next new trial or at the end: a replay may pass through many best cells.
        self._add(trial)

    @override
    def on_trial(self, trial: Trial, figures: Figures) -> None:
        self._add(trial)
        self._write_if_stale()

    @override
    def on_end(self, ending: Ending) -> None:
        # After a failure, such as a full disk, writing would only hide its exception by another.
        if ending is not Ending.FAILED:
            self._write_if_stale()

    def _add(self, trial: Trial) -> None:
        before = self._standings.best
        is_best = self._standings.add(trial)
        self._stale |= is_best
        if (beaten := before if is_best else trial) is not None:
            drop_weights(self._run_dir, beaten)

    def _write_if_stale(self) -> None:
        best = self._standings.best
        if not self._stale or best is None:
            return
        texts = texts_of(best.candidate.architecture)
        cell = texts.pop(CELL_FILE)
        for name, text in texts.items():
            write_whole(self._run_dir / name, text)
        hyperparameters = self._run_dir / HYPERPARAMETERS_FILE
        if best.candidate.hyperparameters:
            write_whole(hyperparameters, json.dumps(dict(best.candidate.hyperparameters)))
        else:
            hyperparameters.unlink(missing_ok=True)
        keep_weights(self._run_dir, best)
        write_whole(self._run_dir / CELL_FILE, cell)
        self._stale = False
