"""Operators of the cell language that are no functions of torch."""

import torch
from torch import Tensor
from torch.nn import functional as F


def blend(gate: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """gate ∘ a + (1 − gate) ∘ b."""
    return gate * a + (1 - gate) * b


def divide(a: Tensor, b: Tensor) -> Tensor:
    """a ⊘ b = a ∘ b / (b² + 10⁻⁴): a / b, but 0 where b is."""
    return a * b / (b * b + 1e-4)


def layer_norm(a: Tensor) -> Tensor:
    """a (B, H) normalised over its features, without gain and bias."""
    return F.layer_norm(a, a.shape[-1:], eps=1e-5)


def encode_position(a: Tensor, t: Tensor) -> Tensor:
    """a (B, H) + PE(t), the sines and cosines of t / 10000^(2i / H) in turns."""
    width = a.shape[-1]
    even = torch.arange(0, width, 2, dtype=torch.float64, device=a.device)
    angle = t / 10000.0 ** (even / width)
    encoding = torch.stack((angle.sin(), angle.cos()), -1).flatten()[:width]
    return a + encoding.to(a)
