"""What a run gives its strategy beside a space and a generator, and which strategy can take it.

Genomes to begin from are planted in a `DraftingStrategy`. A predictor of cells goes inside a
`PredictingStrategy`, and in front of any other that drafts; pairs that are known go to the
predictor. What a strategy cannot take is refused before it is made, which may take seconds.
"""

import functools
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archsearch.predictor import ArchitecturePredictor
from archsearch.search.earlier_runs import known_pairs, seeds
from archsearch.search.protocol import DraftingStrategy, PredictingStrategy, Strategy
from archsearch.search.screening import Screened
from archsearch.space import CellSpace

# What a run keeps of earlier ones, in its directory.
WARM_START, KNOWN_PAIRS = "warm_start.json", "known_pairs.json"


@dataclass(frozen=True, slots=True)
class Equipment:
    """predictor: of cells.
    screening: settings of `Screened`, for a predictor in front of the strategy.
    seeds_from, num_seeds: earlier runs whose best architectures are planted, and how many.
    pairs_from: earlier runs whose trials the predictor knows.
    """

    predictor: ArchitecturePredictor | None = None
    screening: Mapping[str, int] = field(default_factory=dict)
    seeds_from: Sequence[str] = ()
    num_seeds: int = 10
    pairs_from: Sequence[str] = ()


def equipped(
    make: functools.partial[Strategy],
    space: CellSpace[Any],
    seed: int,
    equipment: Equipment,
    run_dir: Path,
) -> Strategy:
    """A new strategy on the space, with its equipment.

    make: its class, and all that the constructor takes beside space, generator and predictor.
        ValueError for what the strategy cannot take, or lacks.
    """
    kind, predictor = _kind(make), equipment.predictor
    _refuse(kind, equipment)
    inside = {"predictor": predictor} if issubclass(kind, PredictingStrategy) else {}
    strategy = make(space=space, rng=random.Random(seed), **inside)
    if not isinstance(strategy, DraftingStrategy):
        return strategy
    if equipment.seeds_from:
        genomes = seeds(equipment.seeds_from, equipment.num_seeds, space, run_dir / WARM_START)
        strategy.plant(genomes)
    if predictor is None:
        return strategy
    if not isinstance(strategy, PredictingStrategy):
        strategy = Screened(
            strategy, predictor, random.Random(f"screening {seed}"), **equipment.screening
        )
    if equipment.pairs_from:
        strategy.learn(known_pairs(equipment.pairs_from, run_dir / KNOWN_PAIRS))
    return strategy


def _kind(make: functools.partial[Strategy]) -> type[Strategy]:
    kind: object = make.func
    if isinstance(kind, type) and issubclass(kind, Strategy):
        return kind
    raise ValueError(f"search._target_: expected a class of strategies, got {kind}")


def _refuse(kind: type[Strategy], equipment: Equipment) -> None:
    """ValueError for what strategies of the kind cannot take, or lack."""
    name, drafts = kind.__name__, issubclass(kind, DraftingStrategy)
    if equipment.seeds_from and not drafts:
        raise ValueError(
            f"warm_start.runs: {name} cannot begin from other cells; leave it out, or choose "
            "another search=…"
        )
    if equipment.predictor and not drafts:
        raise ValueError(
            f"predictor: {name} leaves a predictor nothing to choose from; try predictor=none, or "
            "choose another search=…"
        )
    if issubclass(kind, PredictingStrategy) and not equipment.predictor:
        raise ValueError(f"predictor: {name} needs one that reads cells; try predictor=ranking")
    if equipment.pairs_from and not equipment.predictor:
        raise ValueError(
            "warm_start.pairs_from: there is no predictor that could learn from them; "
            "try predictor=ranking"
        )
