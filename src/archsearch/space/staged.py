"""The seam for strategies that begin with cells without a memory."""

import random
from abc import abstractmethod
from collections.abc import Sequence

from archsearch.space.space import CellSpace, Genome


class StagedSpace(CellSpace[Genome]):
    """A space in which a genome may be finished but for the node that gives the memory."""

    @abstractmethod
    def sample_plain(self, rng: random.Random) -> Genome:
        """A random genome of a cell without a memory; it passes `check`."""

    @abstractmethod
    def memory_places(self, genome: Genome) -> Sequence[Genome]:
        """All genomes of the space that differ from this one at most in where the memory comes
        from; for a valid one without a memory, itself. The given one need not be valid."""
