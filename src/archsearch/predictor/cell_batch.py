"""Many cells as one graph in arrays, so that one level of all of them is computed at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
import numpy.typing as npt

from archsearch.cell import OPERATORS, Cell

IntArray = npt.NDArray[np.int64]

# Kinds of nodes: the operators as the table lists them, then the sources. All memories are one
# kind, as their names say nothing.
SOURCE_KINDS = ("x_t", "x_tm1", "h_tm1", "memory")
KINDS = (*OPERATORS, *SOURCE_KINDS)
KIND_NUMBER = {name: number for number, name in enumerate(KINDS)}


@dataclass(frozen=True, slots=True)
class Run:
    """Nodes start … stop − 1: neighbours in number, of one operator and height."""

    operator: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class CellBatch:
    """The graphs of many cells side by side. N nodes are numbered by height, then by operator.

    num_cells: C.
    cell, kind, bias: of each node its cell, its number in KINDS, and the initial bias, (N,).
    runs: the operators in order of their numbers; what lies before the first are the sources.
    levels: the bounds (start, stop) of each height from 1 up.
    arguments, positions: all arguments of node 0, of node 1, … and which argument each is, (E,).
    first: the place in `arguments` of each node's first one, with the end of the last, (N + 1,).
    state_sources, feeds: sources of h and memories, and the node that gives each its next value.
    outputs: h_t of each cell, (C,).
    memories: the nodes that give memories their next values, cell by cell.
    """

    num_cells: int
    cell: IntArray
    kind: IntArray
    bias: npt.NDArray[np.float64]
    runs: tuple[Run, ...]
    levels: tuple[tuple[int, int], ...]
    arguments: IntArray
    positions: IntArray
    first: IntArray
    state_sources: IntArray
    feeds: IntArray
    outputs: IntArray
    memories: IntArray

    @property
    def num_nodes(self) -> int:
        return len(self.cell)

    def edges(self, start: int, stop: int) -> slice:
        """The arguments of nodes start … stop − 1, as a slice of `arguments`."""
        return slice(int(self.first[start]), int(self.first[stop]))

    @classmethod
    def of(cls, cells: Sequence[Cell]) -> "CellBatch":
        """The batch of at least one cell."""
        given = _as_given(cells)
        order = np.lexsort((given.kind, given.height))
        number = np.empty_like(order)  # as given -> in the batch
        number[order] = np.arange(len(order))
        kind, height = given.kind[order], given.height[order]
        arity = given.arity[order]
        first = np.concatenate([[0], np.cumsum(arity)])
        positions = np.arange(first[-1]) - np.repeat(first[:-1], arity)
        given_first = np.concatenate([[0], np.cumsum(given.arity)])[order]
        arguments = number[given.arguments[np.repeat(given_first, arity) + positions]]
        bounds = np.searchsorted(height, np.arange(1, height[-1] + 2))
        return cls(
            num_cells=len(cells),
            cell=given.cell[order],
            kind=kind,
            bias=given.bias[order],
            runs=_runs(kind, height),
            levels=tuple(pairwise(bounds.tolist())),
            arguments=arguments,
            positions=positions,
            first=first,
            state_sources=number[given.state_sources],
            feeds=number[given.feeds],
            outputs=number[given.outputs],
            memories=number[given.memories],
        )


def _runs(kind: IntArray, height: IntArray) -> tuple[Run, ...]:
    pairs = zip(height.tolist(), kind.tolist(), strict=True)
    runs = []
    start = 0
    for (level, number), nodes in groupby(pairs):
        stop = start + sum(1 for _ in nodes)
        if level:
            runs.append(Run(KINDS[number], start, stop))
        start = stop
    return tuple(runs)


@dataclass(frozen=True, slots=True)
class _AsGiven:
    """The same, with nodes in the order of the cells."""

    cell: IntArray
    kind: IntArray
    height: IntArray
    bias: npt.NDArray[np.float64]
    arity: IntArray
    arguments: IntArray
    state_sources: IntArray
    feeds: IntArray
    outputs: IntArray
    memories: IntArray


def _as_given(cells: Sequence[Cell]) -> _AsGiven:
    kind: list[int] = []
    height: list[int] = []
    bias: list[float] = []
    arity: list[int] = []
    arguments: list[int] = []
    state_sources: list[int] = []
    feeds: list[int] = []
    outputs: list[int] = []
    memories: list[int] = []
    for cell in cells:
        base = len(kind)
        feed = {name: base + index for name, index in cell.outputs}
        for node in cell.nodes:
            if node.args:
                args = [base + arg for arg in node.args]
                arguments.extend(args)
                height.append(1 + max(height[arg] for arg in args))
                kind.append(KIND_NUMBER[node.op])
            else:
                state = node.state
                if state is not None:
                    state_sources.append(len(kind))
                    feeds.append(feed[state])
                height.append(0)
                kind.append(KIND_NUMBER.get(node.op, KIND_NUMBER["memory"]))
            arity.append(len(node.args))
            bias.append(node.bias)
        outputs.append(feed["h"])
        memories.extend(feed[name] for name in cell.memories)
    sizes = [cell.num_nodes for cell in cells]
    integers = [kind, height, arity, arguments, state_sources, feeds, outputs, memories]
    arrays = [np.array(values, dtype=np.int64) for values in integers]
    return _AsGiven(
        np.repeat(np.arange(len(cells)), sizes), arrays[0], arrays[1], np.array(bias), *arrays[2:]
    )
