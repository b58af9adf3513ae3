"""The adaptive softmax, for large vocabularies."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


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
