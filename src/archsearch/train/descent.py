"""Steps along scaled and clipped gradients, and the average of weights over them."""

import math
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils import get_total_norm
from torch.optim import Optimizer


@torch.no_grad()
def descend(
    optimizer: Optimizer,
    weights: Sequence[nn.Parameter],
    *,
    factor: float = 1.0,
    max_norm: float | None = None,
    only_finite: bool = False,
) -> Tensor | None:
    """Move `weights` along their gradients × factor, clipped to `max_norm` (None: not clipped).

    Gives the norm of the gradients × factor before clipping; None where nothing needs it. What
    the step went along is left in `.grad`.

    only_finite: weights stay where they are if that norm is not finite.
    """
    gradients = [weight.grad for weight in weights if weight.grad is not None]
    norm, divisor = None, torch.tensor(1.0 / factor)
    if max_norm is not None or only_finite:
        norm = get_total_norm(gradients) * factor
        if only_finite and not math.isfinite(float(norm)):
            return norm
        if max_norm is not None:
            divisor = torch.clamp(norm / max_norm, min=1.0) / factor
    _divide_in_step(optimizer, gradients, divisor)
    optimizer.step()
    return norm


def _divide_in_step(optimizer: Optimizer, gradients: Sequence[Tensor], divisor: Tensor) -> None:
    """Divide the gradients by a scalar at the optimiser's next step.

    Fused optimisers do so as they read them, in the way made for gradient scaling. That saves two
    passes over all gradients, one to clip and one for the factor: 3.5% of a whole step of Zaremba's
    small network, which has 4.6 million weights, in bfloat16 on one core.
    """
    if optimizer.defaults.get("fused"):
        optimizer.grad_scale = divisor  # type: ignore[attr-defined]
    else:
        for gradient in gradients:
            gradient.div_(divisor)


class WeightAverage(nn.Module):
    """The mean of each parameter over all steps since averaging began (Polyak & Juditsky 1992).

    This is torch.optim.ASGD with lambd = 0 and t0 = 0, apart from the optimiser that steps.
    The means are buffers, so they are saved and moved with the module that holds the average.
    """

    def __init__(self, parameters: Iterable[nn.Parameter]) -> None:
        super().__init__()
        self._averaged = tuple(parameters)  # in a tuple they are not parameters of this module too
        for i, parameter in enumerate(self._averaged):
            self.register_buffer(f"mean_{i}", parameter.detach().clone())
        self.num_steps = 0

    @torch.no_grad()
    def update(self) -> None:
        """Take the parameters as they are now into the mean."""
        self.num_steps += 1
        for mean, parameter in zip(self.buffers(), self._averaged, strict=True):
            mean.lerp_(parameter, 1.0 / self.num_steps)

    @torch.no_grad()
    def swap(self) -> None:
        """Exchange parameters and means; a second call undoes it."""
        for mean, parameter in zip(self.buffers(), self._averaged, strict=True):
            value = parameter.clone()
            parameter.copy_(mean)
            mean.copy_(value)

    def get_extra_state(self) -> int:
        return self.num_steps

    def set_extra_state(self, state: int) -> None:
        self.num_steps = state
