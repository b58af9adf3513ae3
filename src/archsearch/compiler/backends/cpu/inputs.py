"""What a layer is a function of.

Shapes: T time steps, B batch, X input features, H hidden features.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple


class Inputs(NamedTuple):
    """What the layer is a function of, or the gradient with respect to each.

    sources: "x_t" and "x_tm1" (T, B, X), those that the cell reads. states: initial (B, H).
    """

    sources: dict[str, Any]
    states: dict[str, Any]
    weights: list[Any]
    biases: list[Any]

    @property
    def flat(self) -> list[Any]:
        return [*self.sources.values(), *self.states.values(), *self.weights, *self.biases]

    def like(self, flat: Sequence[Any]) -> "Inputs":
        """Another flat list, in this order."""
        it = iter(flat)
        return Inputs(
            {name: next(it) for name in self.sources},
            {name: next(it) for name in self.states},
            [next(it) for _ in self.weights],
            [next(it) for _ in self.biases],
        )
