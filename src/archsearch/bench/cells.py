"""Which cells are measured: published ones by name, and drawn ones of every cell space."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from hydra.utils import instantiate
from omegaconf import OmegaConf

from archsearch.cell import Cell, zoo
from archsearch.config import conf_folder
from archsearch.space import CellSpace

RANDOM = "random:"
MAX_REPEATS = 1000


@dataclass(frozen=True, slots=True)
class NamedCell:
    """name: as in the zoo, or the space of a drawn cell."""

    name: str
    cell: Cell
    drawn: bool = False

    @property
    def label(self) -> str:
        return f"{self.name} {self.cell.key[:6]}" if self.drawn else self.name


def check_name(name: str) -> None:
    """Raises ValueError for what is neither a cell of the zoo nor random:<number>."""
    if name.startswith(RANDOM) and name.removeprefix(RANDOM).isdecimal():
        return
    if name not in zoo:
        raise ValueError(
            f"expected {RANDOM}<number> or a cell of the zoo, got {name!r}; "
            f"the zoo has {', '.join(zoo)}"
        )


def chosen_cells(names: tuple[str, ...], seed: int) -> Iterator[NamedCell]:
    """The named cells, in order. A space's cells depend on the seed and the space alone."""
    for name in names:
        if name.startswith(RANDOM):
            count = int(name.removeprefix(RANDOM))
            for space_name, space in cell_spaces().items():
                rng = random.Random(f"{seed} {space_name}")
                drawn = islice(draw_cells(space, rng), count)
                yield from (NamedCell(space_name, cell, drawn=True) for cell in drawn)
        else:
            yield NamedCell(name, zoo[name])


def cell_spaces() -> dict[str, CellSpace[Any]]:
    """Every space of conf/cell_space by its name there."""
    paths = sorted(Path(conf_folder(), "cell_space").glob("*.yaml"))
    return {path.stem: instantiate(OmegaConf.load(path)) for path in paths}


def draw_cells(space: CellSpace[Any], rng: random.Random) -> Iterator[Cell]:
    """Different cells of a space, until it seems to have no more."""
    seen = set()
    repeats = 0
    while repeats < MAX_REPEATS:
        cell = space.decode(space.sample(rng))
        if cell.key in seen:
            repeats += 1
        else:
            seen.add(cell.key)
            yield cell
