"""What earlier runs know of cells: pairs for a strategy that learns from them, such as
`RandomRanking`."""

import json
from collections.abc import Sequence
from pathlib import Path

from archsearch.cell import Cell, parse
from archsearch.search.warm_start import best_trials
from archsearch.whole_file import write_whole


def known_pairs(runs: Sequence[str], kept_in: Path) -> list[tuple[Cell, float]]:
    """The successful cells of earlier runs with their fitness, the references from the zoo too.

    runs: their directories, or the URLs of their archives; of this run's task and budget, or the
        fitness means something else. Of a cell that several have, the first one's fitness counts.
    kept_in: a file that remembers the pairs, so that a run that goes on learns from the same ones
        although the earlier runs may have grown.

    Raises:
        ArchiveError: a run has no archive that can be read.
    """
    if not kept_in.exists():
        found: dict[str, tuple[str, float]] = {}
        for trial in (trial for run in runs for trial in best_trials(run)):
            cell = trial.candidate.architecture
            if isinstance(cell, Cell):
                found.setdefault(cell.key, (str(cell), trial.fitness))
        write_whole(kept_in, json.dumps(list(found.values())))
    pairs = json.loads(kept_in.read_text(encoding="utf-8"))
    return [(parse(text), fitness) for text, fitness in pairs]
