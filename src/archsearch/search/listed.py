"""No search: the given architectures, in turn. For comparisons by hand under one budget."""

import random
from collections.abc import Sequence
from typing import Any

from archsearch.architecture import Architecture, read_cell
from archsearch.archive.records import Origin, Trial
from archsearch.search.protocol import Proposal, Strategy
from archsearch.space import CellSpace


class Listed(Strategy):
    """Proposes `cells` from the first to the last, and then again, which costs no training.

    cells: architectures, or what names one for `read_cell`. The space and the generator, which
        every strategy is given, decide nothing here.
    """

    learns = False

    def __init__(
        self,
        space: CellSpace[Any],  # noqa: ARG002
        rng: random.Random,  # noqa: ARG002
        cells: Sequence[Architecture | str],
    ) -> None:
        if not cells:
            raise ValueError("search.cells: expected one cell at least, got none")
        self._cells = [read_cell(c) if isinstance(c, str) else c for c in cells]
        self._num_proposed = 0

    def ask(self, number: int) -> Proposal:  # noqa: ARG002
        cell = self._cells[self._num_proposed % len(self._cells)]
        self._num_proposed += 1
        return Proposal(cell, None, Origin("listed"))

    def tell(self, trial: Trial) -> None:
        """Nothing to learn."""
