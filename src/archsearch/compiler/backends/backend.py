"""The seam between a recurrent layer and what runs its cell.

Shapes: T time steps, B batch, X input features, H hidden features.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from torch import Tensor

State = dict[str, Tensor]


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
