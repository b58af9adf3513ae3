"""The width at which a network has a given number of parameters: comparisons at equal size."""

import re
from dataclasses import replace

from archsearch.architecture import Architecture, HeterogeneousLayer
from archsearch.train.recipe import Recipe, count_parameters

MAX_HIDDEN_SIZE = 1 << 14

_UNITS = {"": 1, "k": 1_000, "M": 1_000_000, "G": 1_000_000_000}


def read_count(text: str | int) -> int:
    """20M, 1.5M, 500k or 500_000 as a number.

    Raises:
        ValueError: anything else.
    """
    found = re.fullmatch(r"(\d[\d_]*(?:\.\d+)?)([kMG]?)", str(text))
    if found is None or (count := round(float(found[1]) * _UNITS[found[2]])) < 1:
        raise ValueError(
            f"match_parameters: expected a number such as 20M, 1.5M or 500k, got {text!r}"
        )
    return count


def matched_width(recipe: Recipe, architecture: Architecture, num_params: int) -> Recipe:
    """The recipe with the hidden size at which the network has as many parameters as it can have
    without exceeding `num_params`; with the smallest there is where even that has more.

    A heterogeneous layer's width is a multiple of the number of its shares.

    Raises:
        ValueError: the number of parameters does not depend on the hidden size.
    """
    share = len(architecture.cells) if isinstance(architecture, HeterogeneousLayer) else 1

    def sized(num_units: int) -> Recipe:
        return replace(recipe, budget=replace(recipe.budget, hidden_size=num_units * share))

    def count(num_units: int) -> int:
        return count_parameters(sized(num_units), architecture)

    if count(1) == count(2):
        raise ValueError(
            f"{recipe.task.name}: the number of parameters does not depend on the hidden size, so "
            f"it cannot be brought to {num_params:,}"
        )
    smallest, largest = 1, MAX_HIDDEN_SIZE // share
    while smallest < largest:
        middle = (smallest + largest + 1) // 2
        if count(middle) <= num_params:
            smallest = middle
        else:
            largest = middle - 1
    return sized(smallest)
