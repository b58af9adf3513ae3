"""What a cell's graph says of it, as numbers: what there is, what lies on what, and how far.

Three kinds of features, all of one step's graph:

counts: the nodes of each kind, and the pairs of an operator and its argument of each two kinds.
outputs: the kind of the node that gives h_t, and of those that give the memories.
path costs: the least and the greatest number of … on a path down from h_t, and from any memory's
next value, to x, h_{t−1} and any memory. "…" is one of COSTS. Between a state and itself they are
what a signal goes through at every step: a path without operators that bend or damp it remembers.

The costs of all paths are found in one pass up the levels, in the (min, +) and (max, +) semirings.
"""

import numpy as np
import numpy.typing as npt

from archsearch.cell import OPERATORS
from archsearch.predictor.cell_batch import KIND_NUMBER, KINDS, CellBatch, IntArray

Features = npt.NDArray[np.float32]

# What is counted along a path: the operators of each set.
COSTS = (
    frozenset(OPERATORS),
    frozenset(["Linear"]),
    frozenset(["Sigmoid"]),
    frozenset(["Tanh"]),
    frozenset(["ReLU", "LeakyReLU", "SeLU"]),
    frozenset(name for name, operator in OPERATORS.items() if operator.nonlinear),
)

# Sources as ends of paths: x_t and x_tm1 are one, as are all memories.
_END_OF_SOURCE = {"x_t": 0, "x_tm1": 0, "h_tm1": 1, "memory": 2}
_NUM_ENDS = 3

# Where there is no path its least cost is this, as is any cost above; its greatest is −1.
_NO_PATH = 12.0


def structure(batch: CellBatch) -> Features:
    """The features of every cell, (C, features); the columns are the same for all batches."""
    columns = [
        _counts(batch.cell, batch.kind, batch.num_cells),
        _argument_counts(batch),
        _counts(np.arange(batch.num_cells), batch.kind[batch.outputs], batch.num_cells),
        _counts(batch.cell[batch.memories], batch.kind[batch.memories], batch.num_cells),
        _path_costs(batch, np.minimum, np.inf),
        _path_costs(batch, np.maximum, -np.inf),
    ]
    return np.concatenate(columns, axis=1, dtype=np.float32)


def _counts(cells: IntArray, kinds: IntArray, num_cells: int) -> Features:
    found = np.bincount(cells * len(KINDS) + kinds, minlength=num_cells * len(KINDS))
    return found.reshape(num_cells, len(KINDS)).astype(np.float32)


def _argument_counts(batch: CellBatch) -> Features:
    users = np.repeat(np.arange(batch.num_nodes), np.diff(batch.first))
    pairs = batch.kind[users] * len(KINDS) + batch.kind[batch.arguments]
    width = len(OPERATORS) * len(KINDS)
    found = np.bincount(batch.cell[users] * width + pairs, minlength=batch.num_cells * width)
    return found.reshape(batch.num_cells, width).astype(np.float32)


def _path_costs(batch: CellBatch, better: np.ufunc, none: float) -> Features:
    """From h_t and from the memories together to each end, by each cost, (C, 2·ends·costs)."""
    is_counted = np.array([[kind in cost for cost in COSTS] for kind in KINDS], dtype=np.float32)
    costs = np.full((batch.num_nodes, _NUM_ENDS, len(COSTS)), none, dtype=np.float32)
    num_sources = batch.levels[0][0] if batch.levels else batch.num_nodes
    for source, end in _END_OF_SOURCE.items():
        costs[:num_sources][batch.kind[:num_sources] == KIND_NUMBER[source], end] = 0.0
    for start, stop in batch.levels:
        edges = batch.edges(start, stop)
        arguments = costs[batch.arguments[edges]]
        best = better.reduceat(arguments, batch.first[start:stop] - edges.start, axis=0)
        costs[start:stop] = best + is_counted[batch.kind[start:stop], None, :]
    from_memories = np.full((batch.num_cells, *costs.shape[1:]), none, dtype=np.float32)
    better.at(from_memories, batch.cell[batch.memories], costs[batch.memories])
    both = np.concatenate([costs[batch.outputs], from_memories], axis=1)
    bounded: Features = np.clip(both, -1.0, _NO_PATH).reshape(batch.num_cells, -1)
    return bounded
