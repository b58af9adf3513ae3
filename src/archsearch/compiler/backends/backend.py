"""The seam between a recurrent layer and what runs its cell.

Shapes: T time steps, B batch, X input features, H hidden features.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from torch import Tensor

from archsearch.cell.step import Step

State = dict[str, Tensor]
# (x, state) -> (y, state), as Backend.run
Bound = Callable[[Tensor, Mapping[str, Tensor]], tuple[Tensor, State]]


class Weights(NamedTuple):
    """Of a layer: matrices (H, width of the operand) and biases (H,), in canonical order.

    masks: by number of a recurrent matrix, the factors (B, H) of the value that it multiplies.
    Matrices that multiply one value come with one mask, or none of them with any.
    """

    matrices: Sequence[Tensor]
    biases: Sequence[Tensor]
    masks: Mapping[int, Tensor]


class Backend(ABC):
    """Runs one cell; holds no parameters, so that one object may serve many layers.

    The cell is all there is: where a backend is unpickled, the rest is made again.
    """

    def __init__(self, cell: Step) -> None:
        self._cell = cell

    def __reduce__(self) -> tuple[type["Backend"], tuple[Step]]:
        return type(self), (self._cell,)

    @abstractmethod
    def run(self, x: Tensor, weights: Weights, state: Mapping[str, Tensor]) -> tuple[Tensor, State]:
        """x (T, B, X), T ≥ 1 -> h_t of every step (T, B, H), and the state after the last.

        state: complete: "h" and every memory (B, H); "x" (B, X), the input of the step before, if
        the cell reads x_tm1; "t", an int64 scalar, if it has a PosEnc. The result has the same.
        """

    def bind(self, like: Tensor, weights: Weights) -> Bound:  # noqa: ARG002
        """`run` with these weights, for many short inputs one after another.

        What depends on the weights alone can so be done once. They must not change meanwhile.

        like: of the dtype and device that the inputs will have.
        """

        def run(x: Tensor, state: Mapping[str, Tensor]) -> tuple[Tensor, State]:
            return self.run(x, weights, state)

        return run
