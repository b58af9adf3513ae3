"""The seam between a recurrent layer and what runs its cell.

Shapes: T time steps, B batch, X input features, H hidden features.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence

from torch import Tensor

State = dict[str, Tensor]
# (x, state) -> (y, state), as Backend.run
Bound = Callable[[Tensor, Mapping[str, Tensor]], tuple[Tensor, State]]


class Backend(ABC):
    """Runs one cell; holds no parameters, so that one object may serve many layers."""

    @abstractmethod
    def run(
        self,
        x: Tensor,
        weights: Sequence[Tensor],
        biases: Sequence[Tensor],
        state: Mapping[str, Tensor],
        masks: Mapping[int, Tensor],
    ) -> tuple[Tensor, State]:
        """x (T, B, X), T ≥ 1 -> h_t of every step (T, B, H), and the state after the last.

        weights: (H, width of the operand) each, biases: (H,) each, in canonical order.
        state: complete: "h" and every memory (B, H); "x" (B, X), the input of the step before, if
        the cell reads x_tm1; "t", an int64 scalar, if it has a PosEnc. The result has the same.
        masks: by number of a recurrent weight, the factors (B, H) of the value that it multiplies.
        Weights that multiply one value come with one mask, or none of them with any.
        """

    def bind(
        self,
        like: Tensor,  # noqa: ARG002
        weights: Sequence[Tensor],
        biases: Sequence[Tensor],
        masks: Mapping[int, Tensor],
    ) -> Bound:
        """`run` with these parameters, for many short inputs one after another.

        What depends on the parameters alone can so be done once. They must not change meanwhile.

        like: of the dtype and device that the inputs will have.
        """

        def run(x: Tensor, state: Mapping[str, Tensor]) -> tuple[Tensor, State]:
            return self.run(x, weights, biases, state, masks)

        return run
