"""Recurrent layers one above the other, between an embedding and a decoder."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from archsearch.export.parts.recurrent import State, through


class AdaptiveSoftmax(nn.Module):
    """features (…, F) -> log-probabilities of all words (…, V).

    Frequent words are in a short list, rarer ones in clusters of narrower vectors. The
    softmax over the short list has an entry for each cluster (Grave et al. 2017, 4).

    cutoffs: the first word of each cluster.
    """

    def __init__(
        self, features: int, vocabulary_size: int, cutoffs: Sequence[int]
    ) -> None:
        super().__init__()
        self.num_frequent = cutoffs[0]
        self.head = nn.Linear(features, cutoffs[0] + len(cutoffs))
        self.projections = nn.ModuleList()
        self.clusters = nn.ModuleList()
        for i, first in enumerate(cutoffs):
            last = cutoffs[i + 1] if i + 1 < len(cutoffs) else vocabulary_size
            width = max(1, features // 4 ** (i + 1))
            self.projections.append(nn.Linear(features, width, bias=False))
            self.clusters.append(nn.Linear(width, last - first))

    def forward(self, features: Tensor) -> Tensor:
        head = self.head(features).log_softmax(-1)
        parts = [head[..., : self.num_frequent]]
        clusters = zip(self.projections, self.clusters, strict=True)
        for i, (projection, cluster) in enumerate(clusters):
            inner = cluster(projection(features)).log_softmax(-1)
            parts.append(head[..., self.num_frequent + i, None] + inner)
        return torch.cat(parts, -1)


class Model(nn.Module):
    """Embedding, recurrent layers, decoder to the logits of what comes next.

    Dropout, which trained with it, is left out: the outputs are those of evaluation.
    """

    def __init__(
        self, embedding: nn.Module, layers: Iterable[nn.Module], decoder: nn.Module
    ) -> None:
        super().__init__()
        self.embedding = embedding
        self.layers = nn.ModuleList(layers)
        self.decoder = decoder

    def forward(
        self, x: Tensor, states: Sequence[State] | None = None
    ) -> tuple[Tensor, list[State]]:
        """Symbols (T, B), or frames of floats (T, B, K) -> logits (T, B, ·).

        Also the last state of each layer. states: where they start from; None: zeros.
        """
        y, states = through(self.layers, self.embedding(x), states)
        return self.decoder(y), states
