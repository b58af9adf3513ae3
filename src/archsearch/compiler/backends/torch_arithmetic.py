"""The operators' arithmetic over torch tensors.

Shapes: T time steps, B batch, H hidden features. Values are (B, H) in a step and (T, B, H) in the
sequence section.
"""

import torch
from torch import Tensor

from archsearch.cell.operators import Arithmetic


class TorchArithmetic(Arithmetic):
    """encoding: p(t) in a form that broadcasts to the values, (H,) or (T, 1, H)."""

    def __init__(self, encoding: Tensor | None = None) -> None:
        self.encoding = encoding

    def function(self, name: str, a: Tensor) -> Tensor:
        value: Tensor = getattr(torch, name)(a)
        return value

    def where_positive(self, condition: Tensor, then: Tensor, otherwise: Tensor) -> Tensor:
        return torch.where(condition > 0, then, otherwise)

    def mean(self, a: Tensor) -> Tensor:
        return a.mean(-1, keepdim=True)

    def position(self, a: Tensor) -> Tensor:
        assert self.encoding is not None
        return self.encoding.expand_as(a)


def positional_encodings(first: int, num_steps: int, width: int, like: Tensor) -> Tensor:
    """p(t) for t from `first` on: (T, H), in the dtype and on the device of `like`.

    Source: Vaswani et al. 2017, section 3.5. Computed in float64, for t grows without bound.
    """
    t = torch.arange(first, first + num_steps, dtype=torch.float64)
    even = torch.arange(0, width, 2, dtype=torch.float64)
    angle = t[:, None] / 10000.0 ** (even / width)
    encodings = torch.stack((angle.sin(), angle.cos()), -1).flatten(1)
    return encodings[:, :width].to(like)
