"""Beginning from earlier runs, of whatever strategy, space or task."""

import json
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from archsearch.archive.records import Trial
from archsearch.archive.store import Archive
from archsearch.space import CellSpace
from archsearch.whole_file import write_whole


def seeds(runs: Sequence[str], num_cells: int, space: CellSpace[Any], kept_in: Path) -> list[Any]:
    """The genomes of the best architectures of earlier runs that the space can express.

    runs: their directories, or the URLs of their archives; they take turns, each with its best.
    num_cells: at most so many.
    kept_in: a file that remembers them, so that a run that goes on begins from the same ones
        although the earlier runs may have grown.

    Raises:
        ArchiveError: a run has no archive that can be read.
        ValueError: the space can express none of their architectures.
    """
    if not kept_in.exists():
        genomes = list(_distinct(_expressed(runs, space), num_cells))
        if not genomes:
            raise ValueError(
                f"warm_start.runs: the cell space can express none of the cells of {list(runs)}; "
                "choose another cell_space, or loosen its limits, such as cell_space.min_height"
            )
        data = [space.to_json(genome) for genome in genomes]
        write_whole(kept_in, json.dumps(data))
    return [space.from_json(data) for data in json.loads(kept_in.read_text(encoding="utf-8"))]


def _expressed(runs: Sequence[str], space: CellSpace[Any]) -> Iterator[tuple[str, Any]]:
    for trials in zip_longest(*(best_trials(run) for run in runs)):
        for trial in trials:
            if trial is not None and not trial.candidate.is_reference:
                architecture = trial.candidate.architecture
                genome = space.encode(architecture)
                if genome is not None:
                    yield space.decode(genome).key, genome


def best_trials(run: str) -> list[Trial]:
    """The trials of different cells of an earlier run, the fittest first, references among them.

    run: its directory, or the URL of its archive.

    Raises:
        ArchiveError: there is no archive that can be read.
    """
    with Archive.read(run) as archive:
        return archive.best(len(archive))


def _distinct(keyed: Iterator[tuple[str, Any]], limit: int) -> Iterator[Any]:
    seen: set[str] = set()
    for key, genome in keyed:
        if len(seen) == limit:
            return
        if key not in seen:
            seen.add(key)
            yield genome
