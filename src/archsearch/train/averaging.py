"""The average of weights over training steps."""

from collections.abc import Iterable

import torch
from torch import nn


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
