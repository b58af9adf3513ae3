"""Global attention.

Shapes: S source steps, B batch, H features.
"""

from enum import StrEnum

import torch
from torch import Tensor, nn


class Score(StrEnum):
    """How a query h is compared with a source step s."""

    GENERAL = "general"  # hᵀ W s
    DOT = "dot"  # hᵀ s


class GlobalAttention(nn.Module):
    """The source steps' mean, weighted by the softmax of their scores.

    Luong, Pham, Manning, Effective Approaches to Attention-based Neural Machine Translation (2015),
    section 3.1. There is no mask: all S steps of all B sentences are looked at.
    """

    def __init__(self, size: int, score: str = Score.GENERAL) -> None:
        super().__init__()
        if score not in tuple(Score):
            raise ValueError(f"attention: expected {' or '.join(Score)}, got {score!r}")
        self.weight = nn.Parameter(torch.empty(size, size)) if score == Score.GENERAL else None

    def keys(self, memory: Tensor) -> Tensor:
        """Of memory (B, S, H), what queries are multiplied with: (B, S, H). Once a sentence."""
        return memory if self.weight is None else memory @ self.weight

    def forward(self, query: Tensor, keys: Tensor, memory: Tensor) -> Tensor:
        """Query (B, H) -> the context (B, H)."""
        scores = torch.bmm(keys, query.unsqueeze(2))  # (B, S, 1)
        return torch.bmm(scores.softmax(1).transpose(1, 2), memory).squeeze(1)
