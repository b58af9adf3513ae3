"""Which cells are measured: published ones by name, and drawn ones of every cell space."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.utils import instantiate

from archsearch.cell import Cell, zoo
from archsearch.conf_files import conf_folder
from archsearch.config import register
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


@cache
def cell_spaces() -> dict[str, CellSpace[Any]]:
    """Every space of cells in conf/cell_space by its name there; networks are left out."""
    names = sorted(path.stem for path in Path(conf_folder(), "cell_space").glob("*.yaml"))
    register()
    with initialize_config_dir(conf_folder(), version_base="1.3"):
        configured = {name: compose("config", [f"cell_space={name}"]) for name in names}
    spaces = {name: instantiate(cfg.cell_space) for name, cfg in configured.items()}
    return {
        name: space
        for name, space in spaces.items()
        if isinstance(space, CellSpace)  # one that needs earlier runs is only partly made here
        and isinstance(space.decode(space.sample(random.Random(0))), Cell)
    }


def draw_cells(space: CellSpace[Any], rng: random.Random) -> Iterator[Cell]:
    """Different cells of a space, until it seems to have no more."""
    seen = set()
    repeats = 0
    while repeats < MAX_REPEATS:
        cell = space.decode(space.sample(rng))
        assert isinstance(cell, Cell)
        if cell.key in seen:
            repeats += 1
        else:
            seen.add(cell.key)
            yield cell
