"""The space of heterogeneous layers over the best cells of earlier runs.

Rawal & Miikkulainen 2018, section A.2: "Top 10% of the population from 10 runs of Experiment 1 was
collected into a pool [of] 100 nodes. Out of these, 20 that were the most diverse, i.e. had the
largest tree distance from the others, were selected".

What the paper leaves open, as decided here: the top share is that of the different cells that a run
trained to the end, rounded up, references not counted. Runs take turns, each with its best first,
since the fitness of runs on different tasks or budgets cannot be compared.
"""

import math
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

from archsearch.archive.records import Json
from archsearch.cell import Cell, parse
from archsearch.search.earlier_runs import best_trials, kept
from archsearch.space.heterogeneous import MIN_POOL, HeterogeneousSpace, most_different
from archsearch.space.parameters import require


def layer_space(
    runs: Sequence[str],
    kept_in: Path,
    *,
    top_share: float = 0.1,
    pool_size: int = 20,
    repeats: int = 20,
    hidden_size: int = 540,
) -> HeterogeneousSpace:
    """The space of layers of `hidden_size` units in which each cell is repeated `repeats` times.

    runs: directories of earlier runs, or the URLs of their archives.
    """
    require("cell_space.top_share", top_share, 0, 1)
    require("cell_space.pool_size", pool_size, MIN_POOL, math.inf, integer=True)
    require("cell_space.repeats", repeats, 1, math.inf, integer=True)
    num_shares, rest = divmod(hidden_size, repeats)
    if rest:
        divisors = [n for n in range(1, hidden_size + 1) if hidden_size % n == 0]
        raise ValueError(
            f"cell_space.repeats: expected a divisor of the {hidden_size} units of a layer "
            f"({', '.join(map(str, divisors))}), got {repeats}"
        )

    def find() -> Json:
        return [str(cell) for cell in most_different(_top_cells(runs, top_share), pool_size)]

    return HeterogeneousSpace([parse(text) for text in kept(kept_in, find)], num_shares)


def _top_cells(runs: Sequence[str], top_share: float) -> list[Cell]:
    """The different cells of the runs' top shares, ordered by rank."""
    if not runs:
        raise ValueError(
            "cell_space.runs: expected the directories of earlier runs, got none; try "
            "cell_space.runs=[outputs/…,outputs/…] with those of searches for cells"
        )
    tops = [_top_of(run, top_share) for run in runs]
    ranked = (cell for rank in zip_longest(*tops) for cell in rank if cell is not None)
    cells = list(dict.fromkeys(ranked))
    if len(cells) < MIN_POOL:
        raise ValueError(
            f"cell_space.runs: expected at least {MIN_POOL} different cells in the top "
            f"{top_share:.0%} of {', '.join(runs)}, got {len(cells)}; name more runs, or raise "
            "cell_space.top_share"
        )
    return cells


def _top_of(run: str, top_share: float) -> list[Cell]:
    """The run's best cells, best first."""
    candidates = [trial.candidate for trial in best_trials(run)]
    found = [candidate.architecture for candidate in candidates if not candidate.is_reference]
    cells = [architecture for architecture in found if isinstance(architecture, Cell)]
    return cells[: math.ceil(top_share * len(cells))]
