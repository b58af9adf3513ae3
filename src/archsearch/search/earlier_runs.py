"""What a run takes over from earlier runs, of whatever strategy or space, when it begins.

It is kept in a file, so that a run that goes on has the same although the earlier runs may have
grown, or are gone.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from archsearch.archive.records import Json, Trial
from archsearch.archive.store import Archive
from archsearch.cell import Cell, parse
from archsearch.space import CellSpace
from archsearch.whole_file import write_whole


def kept(file: Path, find: Callable[[], Json]) -> Json:
    """What `find` found when the run began."""
    if not file.exists():
        write_whole(file, json.dumps(find()))
    return json.loads(file.read_text(encoding="utf-8"))


def best_trials(run: str) -> list[Trial]:
    """The trials of different cells of an earlier run, the fittest first, references among them.

    run: its directory, or the URL of its archive.
    """
    with Archive.read(run) as archive:
        return archive.best(len(archive))


def seeds(runs: Sequence[str], num_cells: int, space: CellSpace[Any], kept_in: Path) -> list[Any]:
    """The genomes of the best architectures of earlier runs that the space can express.

    runs: their directories, or the URLs of their archives; they take turns, each with its best.
    num_cells: at most so many; ValueError where there is none.
    """

    def find() -> Json:
        genomes: dict[str, Any] = {}
        for key, genome in _expressed(runs, space):
            if len(genomes) == num_cells:
                break
            genomes.setdefault(key, genome)
        if not genomes:
            raise ValueError(
                f"warm_start.runs: the cell space can express none of the cells of {list(runs)}; "
                "choose another cell_space, or loosen its limits, such as cell_space.min_height"
            )
        return [space.to_json(genome) for genome in genomes.values()]

    return [space.from_json(data) for data in kept(kept_in, find)]


def _expressed(runs: Sequence[str], space: CellSpace[Any]) -> Iterator[tuple[str, Any]]:
    for trials in zip_longest(*(best_trials(run) for run in runs)):
        for trial in trials:
            if trial is not None and not trial.candidate.is_reference:
                genome = space.encode(trial.candidate.architecture)
                if genome is not None:
                    yield space.decode(genome).key, genome


def known_pairs(runs: Sequence[str], kept_in: Path) -> list[tuple[Cell, float]]:
    """The successful cells of earlier runs with their fitness, the references from the zoo too.

    runs: their directories, or the URLs of their archives; of this run's task and budget, or the
        fitness means something else. Of a cell that several have, the first one's fitness counts.
    """

    def find() -> Json:
        found: dict[str, tuple[str, float]] = {}
        for trial in (trial for run in runs for trial in best_trials(run)):
            cell = trial.candidate.architecture
            if isinstance(cell, Cell):
                found.setdefault(cell.key, (str(cell), trial.fitness))
        return list(found.values())

    return [(parse(text), fitness) for text, fitness in kept(kept_in, find)]
