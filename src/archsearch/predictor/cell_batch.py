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
_MEMORY = KIND_NUMBER["memory"]


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
        order = np.lexsort((given["kind"], given["height"]))
        number = np.empty_like(order)  # as given -> in the batch
        number[order] = np.arange(len(order))
        kind, height, arity = (given[name][order] for name in ("kind", "height", "arity"))
        first = np.concatenate([[0], np.cumsum(arity)])
        positions = np.arange(first[-1]) - np.repeat(first[:-1], arity)
        given_first = np.concatenate([[0], np.cumsum(given["arity"])])[order]
        arguments = number[given["arguments"][np.repeat(given_first, arity) + positions]]
        bounds = np.searchsorted(height, np.arange(1, height[-1] + 2))
        return cls(
            num_cells=len(cells),
            cell=given["cell"][order],
            kind=kind,
            bias=np.array([node.bias for cell in cells for node in cell.nodes])[order],
            runs=_runs(kind, height),
            levels=tuple(pairwise(bounds.tolist())),
            arguments=arguments,
            positions=positions,
            first=first,
            state_sources=number[given["state_sources"]],
            feeds=number[given["feeds"]],
            outputs=number[given["outputs"]],
            memories=number[given["memories"]],
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


def _as_given(cells: Sequence[Cell]) -> dict[str, IntArray]:
    """The integers of the same by name, and heights, with nodes in the order of the cells."""
    names = ("cell", "kind", "height", "arity", "arguments")
    of_states = ("state_sources", "feeds", "outputs", "memories")
    found: dict[str, list[int]] = {name: [] for name in (*names, *of_states)}
    kind, height, arguments = found["kind"], found["height"], found["arguments"]
    for number, cell in enumerate(cells):
        base = len(kind)
        feed = {name: base + index for name, index in cell.outputs}
        for node in cell.nodes:
            args = [base + arg for arg in node.args]
            if not args and (state := node.state) is not None:
                found["state_sources"].append(len(kind))
                found["feeds"].append(feed[state])
            arguments.extend(args)
            height.append(1 + max([height[arg] for arg in args]) if args else 0)
            kind.append(KIND_NUMBER.get(node.op, _MEMORY))
        found["cell"].extend([number] * cell.num_nodes)
        found["arity"].extend([len(node.args) for node in cell.nodes])
        found["outputs"].append(feed["h"])
        found["memories"].extend(feed[name] for name in cell.memories)
    return {name: np.array(values, dtype=np.int64) for name, values in found.items()}
