"""How a cell treats signals before any training, as numbers.

Each cell runs, in a small width and with random weights, over random inputs; so do copies of it
whose first input is another one, or a little different. What is left of these differences some
steps later tells whether the cell remembers, forgets or explodes, which its training meets too.

The weights and inputs are the same few for every cell, so that it is the cells that differ, and
they never change: features are properties of a cell, not draws.

Shapes: T time steps, B sequences, H features; N nodes and C cells of a batch; E arguments.
"""

import numpy as np
import numpy.typing as npt

from archsearch.cell import OPERATORS
from archsearch.compiler.reference import NumPyArithmetic, positional_encoding
from archsearch.predictor.cell_batch import KIND_NUMBER, CellBatch, IntArray

Array = npt.NDArray[np.float32]

NUM_STEPS = 5
NUM_SEQUENCES = 4
WIDTH = 16
NUDGE = 0.01  # the size of the little difference
_NUM_WEIGHTS = 24  # a cell with more than these uses them again
_SEED = 0
_MAX_STATE = 1e4  # what grows beyond is held there, so that a cell that explodes has features too
_LEAST = 1e-5  # below this a difference is none


def signals(batch: CellBatch) -> Array:
    """The features of every cell, (C, features), all finite."""
    rng = np.random.default_rng(_SEED)
    # The usual size: a Linear of one argument keeps the size of a signal.
    weights = rng.standard_normal((_NUM_WEIGHTS, WIDTH, WIDTH), dtype=np.float32) / WIDTH**0.5
    x = rng.standard_normal((NUM_STEPS, NUM_SEQUENCES, WIDTH), dtype=np.float32)
    other, nudged = x.copy(), x.copy()
    other[0] = rng.standard_normal((NUM_SEQUENCES, WIDTH))
    nudged[0] += NUDGE * rng.standard_normal((NUM_SEQUENCES, WIDTH))
    inputs = np.concatenate([x, other, nudged], axis=1)
    return _features(run_cells(batch, weights, inputs))


def _features(h: Array) -> Array:
    """From h_t (T, C, 3·B, H) of sequences, of those that begin otherwise, and of those nudged."""
    base, other, nudged = np.split(h, 3, axis=2)
    size = _size(base)
    unrelated = _size(base - np.roll(base, 1, axis=2))
    echo = _size(base - other) / (unrelated + _LEAST)
    growth = _size(base - nudged) / NUDGE
    change = _size(base[1:] - base[:-1])
    last = NUM_STEPS - 1
    magnitudes = [
        size[0], size[last], size[last] / (size[last // 2] + _LEAST),
        unrelated[last], unrelated[last] / (size[last] + _LEAST),
        change[-1] / (unrelated[last] + _LEAST),
        *echo, *growth,
    ]  # fmt: skip
    mean = base[last].mean(axis=(1, 2))
    return np.stack([mean, *(np.log(value + _LEAST) for value in magnitudes)], axis=1)


def _size(h: Array) -> Array:
    """The root mean square over the features, in the mean of the sequences: (T, C)."""
    size: Array = np.sqrt((h * h).mean(axis=-1)).mean(axis=-1)
    return size


def run_cells(batch: CellBatch, weights: Array, x: Array) -> Array:
    """h_t of every cell over x (T, B, H), (T, C, B, H): what compiler/reference.py says, at once.

    weights: (number, H, H), dealt out to each cell from the first. States beyond ±10⁴ are held.
    """
    num_steps, num_sequences, width = x.shape
    products = _products(batch)
    values = np.zeros((batch.num_nodes, num_sequences, width), dtype=np.float32)
    outputs = np.empty((num_steps, batch.num_cells, num_sequences, width), dtype=np.float32)
    x_t = np.flatnonzero(batch.kind == KIND_NUMBER["x_t"])
    x_tm1 = np.flatnonzero(batch.kind == KIND_NUMBER["x_tm1"])
    state = np.zeros((len(batch.feeds), num_sequences, width), dtype=np.float32)
    for t in range(num_steps):
        values[x_t] = x[t]
        values[x_tm1] = x[t - 1] if t else 0.0
        values[batch.state_sources] = state
        with np.errstate(over="ignore", invalid="ignore"):
            _step(batch, weights, products, values, t)
        state = _held(values[batch.feeds])
        outputs[t] = _held(values[batch.outputs])
    return outputs


def _held(values: Array) -> Array:
    return np.clip(np.nan_to_num(values, nan=0.0), -_MAX_STATE, _MAX_STATE)


# By run: each weight with the arguments of the run (places in batch.arguments) that it multiplies.
_Products = dict[int, list[tuple[int, IntArray]]]


def _products(batch: CellBatch) -> _Products:
    """Which weight multiplies which argument: those of one cell take one weight after another."""
    is_linear = batch.kind == KIND_NUMBER["Linear"]
    arity = np.diff(batch.first)
    places = np.flatnonzero(np.repeat(is_linear, arity))
    by_cell = np.repeat(batch.cell, arity)[places]
    order = np.argsort(by_cell, kind="stable")
    counts = np.bincount(by_cell, minlength=batch.num_cells)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    weight = np.zeros(len(batch.arguments), dtype=np.int64)
    weight[places] = rank % _NUM_WEIGHTS
    products: _Products = {}
    for run in batch.runs:
        if run.operator == "Linear":
            edges = batch.edges(run.start, run.stop)
            used = weight[edges]
            products[run.start] = [(int(w), np.flatnonzero(used == w)) for w in np.unique(used)]
    return products


def _step(batch: CellBatch, weights: Array, products: _Products, values: Array, t: int) -> None:
    """Put the values of all operators at time t into `values`, (N, B, H), where the sources are."""
    shape = values.shape[1:]
    arithmetic = NumPyArithmetic(positional_encoding(t, shape[-1]).astype(np.float32))
    for run in batch.runs:
        edges = batch.edges(run.start, run.stop)
        arguments = batch.arguments[edges]
        if run.operator == "Linear":
            terms = np.empty((len(arguments), *shape), dtype=np.float32)
            for weight, rows in products[run.start]:
                operands = values[arguments[rows]].reshape(-1, shape[-1])
                terms[rows] = (operands @ weights[weight]).reshape(-1, *shape)
            sums = np.add.reduceat(terms, batch.first[run.start : run.stop] - edges.start, axis=0)
            result = sums + batch.bias[run.start : run.stop, None, None].astype(np.float32)
        else:
            columns = arguments.reshape(run.stop - run.start, -1).T
            value = OPERATORS[run.operator].value
            assert value is not None
            result = value(arithmetic, *(values[column] for column in columns))
        values[run.start : run.stop] = result
