"""Is what was exported the network that was trained?"""

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from archsearch.export.networks import Network, Tensors
from archsearch.export.networks.network import OTHER, TRACED

TOLERANCE = 1e-5  # of float32


class Mismatch(ValueError):
    """The exported model does not give what the network gives."""


def check(network: Network, run: Callable[[Tensors], Tensors], what: str) -> float:
    """The largest difference between what the network gives and what `run` gives, at two shapes.

    Those of a tensor whose largest value is over 1 are relative to that value: so large are the
    terms of which a small entry may be the difference, and so is their rounding.

    Raises:
        Mismatch: it is over TOLERANCE.
    """
    worst, where = 0.0, ""
    for shape in (TRACED, OTHER):
        inputs = network.inputs(*shape, torch.Generator().manual_seed(0))
        with torch.no_grad():
            difference, name = _largest(network.trained(inputs), run(inputs))
        if not difference <= worst:
            worst, where = difference, f"{name}, length {shape.length}, batch {shape.batch}"
    if not worst <= TOLERANCE:
        raise Mismatch(
            f"{what} differs from the trained model by {worst:.2g} ({where}), expected at most "
            f"{TOLERANCE:g}; nothing was written. A cell that has diverged amplifies rounding: try "
            "a cell whose training went well"
        )
    return worst


def _largest(expected: Mapping[str, Tensor], got: Mapping[str, Tensor]) -> tuple[float, str]:
    differences = {name: _difference(value, got[name]) for name, value in expected.items()}
    name = max(differences, key=lambda each: differences[each])
    return differences[name], name


def _difference(expected: Tensor, got: Tensor) -> float:
    """∞ where shapes differ, or one is a number and the other is not."""
    if expected.shape != got.shape:
        return math.inf
    a, b = expected.double(), got.double()
    same = (a == b) | (a.isnan() & b.isnan())
    largest = a.abs().nan_to_num(posinf=0.0).max().clamp(min=1.0)
    relative = (a - b).abs() / largest
    return float(torch.where(same, 0.0, relative).nan_to_num(nan=math.inf).max())
