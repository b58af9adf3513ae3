"""The buffers of one forward or backward pass, and the table by which C finds them.

Shapes: T time steps, B batch, H hidden features.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from archsearch.compiler.keys import POSITION
from archsearch.compiler.places import Rows
from archsearch.compiler.plan import Plan

Table = NDArray[np.int64]


@dataclass(frozen=True)
class Sizes:
    """keep: whether a backward pass will follow."""

    num_steps: int
    batch: int
    width: int
    keep: bool

    def rows(self, rows: Rows) -> int:
        match rows:
            case Rows.SEQUENCE:
                return self.num_steps
            case Rows.KEPT:
                return self.num_steps if self.keep else 1
            case Rows.OUTPUT:
                return self.num_steps + 1
            case Rows.HISTORY:
                return self.num_steps + 1 if self.keep else 2
            case Rows.ONE:
                return 1
            case Rows.TURNS:
                return 2
            case Rows.GIVEN:
                raise AssertionError("others make it")

    def turns(self, rows: Rows) -> int:
        """The mask of a time step that gives its row (slot.h)."""
        cyclic = rows in (Rows.ONE, Rows.TURNS)
        if not self.keep:
            cyclic = cyclic or rows in (Rows.KEPT, Rows.HISTORY)
        return self.rows(rows) - 1 if cyclic else -1


@dataclass(frozen=True)
class Tape:
    """buffers: by number, (rows, B, blocks·H); None where it is not there, or not yet."""

    plan: Plan
    sizes: Sizes
    buffers: tuple[Tensor | None, ...]

    @classmethod
    def begin(cls, plan: Plan, sizes: Sizes, given: Mapping[str, Tensor], like: Tensor) -> "Tape":
        """With new buffers for the values.

        given: key -> x (T, B, X), or p(t) (T, H); contiguous.
        """
        return cls(plan, sizes, (None,) * len(plan.buffers))._with(given, like, gradient=False)

    def with_gradients(self, given: Mapping[str, Tensor], like: Tensor) -> "Tape":
        """The same values, and new buffers for the gradients."""
        return self._with(given, like, gradient=True)

    def _with(self, given: Mapping[str, Tensor], like: Tensor, gradient: bool) -> "Tape":
        buffers = list(self.buffers)
        for key, tensor in given.items():
            buffers[self.plan.places[key].buffer] = tensor
        for i, buffer in enumerate(self.plan.buffers):
            if buffer.gradient == gradient and buffer.rows is not Rows.GIVEN:
                shape = (
                    self.sizes.rows(buffer.rows),
                    self.sizes.batch,
                    buffer.blocks * self.sizes.width,
                )
                buffers[i] = like.new_empty(shape)
        return Tape(self.plan, self.sizes, tuple(buffers))

    def buffer(self, key: str) -> Tensor:
        found = self.buffers[self.plan.places[key].buffer]
        assert found is not None, key
        return found

    def history(self, state: str) -> Tensor:
        """The buffer of a state; its first row is the initial one."""
        found = self.buffers[self.plan.histories[state]]
        assert found is not None, state
        return found

    def over_time(self, key: str, num_blocks: int = 1) -> Tensor:
        """The value of a key, and of the blocks behind it, at all steps as rows: (T·B, ·)."""
        place, buffer = self.plan.places[key], self.buffer(key)
        rows = buffer[place.shift : place.shift + self.sizes.num_steps].flatten(0, 1)
        if self.plan.buffers[place.buffer].blocks <= num_blocks:
            return rows  # also x, whose width need not be H
        width = self.sizes.width
        return rows[:, place.block * width : (place.block + num_blocks) * width]

    @cached_property
    def table(self) -> Table:
        """A slot (slot.h) a key, in the order of the places; those without a buffer are invalid."""
        addresses = [0 if buffer is None else buffer.data_ptr() for buffer in self.buffers]
        layout, buffers = _layout(self.plan, self.sizes, self.history("h").element_size())
        table = layout.copy()
        table[:, 0] += np.array(addresses, np.int64)[buffers]
        return table


@lru_cache(maxsize=256)
def _layout(plan: Plan, sizes: Sizes, element_size: int) -> tuple[Table, Table]:
    """The table with offsets into buffers in place of addresses, and the buffer of each slot."""
    table = []
    for key, place in plan.places.items():
        buffer = plan.buffers[place.buffer]
        row = 0 if key == POSITION else buffer.blocks * sizes.width  # p(t) is one for all rows
        step = sizes.width if key == POSITION else sizes.batch * row
        offset = place.block * sizes.width * element_size
        table.append((offset, step, row, place.shift, sizes.turns(buffer.rows)))
    buffers = [place.buffer for place in plan.places.values()]
    return np.array(table, np.int64), np.array(buffers, np.int64)
