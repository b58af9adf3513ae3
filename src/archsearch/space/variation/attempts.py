"""Variation draws until a result is valid, but not for ever."""

from collections.abc import Iterable
from typing import TypeVar

from archsearch.space.space import CellSpace

Genome = TypeVar("Genome")

# For operators whose possible results are too many to go through.
MAX_DRAWS = 20


def first_valid(
    genomes: Iterable[Genome], space: CellSpace[Genome], *parents: Genome
) -> Genome | None:
    """The first genome that is in the space and equals no parent, if there is one."""
    for genome in genomes:
        if genome not in parents and space.check(genome) is None:
            return genome
    return None
