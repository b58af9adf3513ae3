"""The adaptive softmax: a loss head for large vocabularies.

Shapes: N rows, one a symbol to predict; F features; V words; K cutoffs.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archsearch.nn.cross_entropy import check_targets, linear_cross_entropy

DIVISOR = 4  # of the features, from one cluster to the next


class AdaptiveSoftmax(nn.Module):
    """Frequent words in a short list, rarer ones in clusters that are asked only when needed.

    Grave et al., Efficient softmax approximation for GPUs (2017), section 4: with cutoffs
    c_1 < … < c_K, words 0 … c_1 − 1 and the K clusters share one softmax, and cluster i is a
    softmax over words c_i … c_{i+1} − 1 (c_{K+1} = V) of the features projected to F / 4^i. A word
    of a cluster has the product of both probabilities, so this is a proper distribution over V
    words, and perplexities may be compared with those of other heads. It is exact for any order
    of the words, and fast where frequent words come first, as in TokenCorpus.

    torch.nn.AdaptiveLogSoftmaxWithLoss is the same, except that here each word of a cluster has a
    bias. But it draws from the global generator and keeps the logits of all rows.

    Args:
        features: F.
        vocabulary_size: V.
        cutoffs: K ≥ 1 rising numbers from 1 to V − 1.

    Weights are left for the caller to draw: `weights` lists them. Biases are zero.
    """

    def __init__(self, features: int, vocabulary_size: int, cutoffs: Sequence[int]) -> None:
        super().__init__()
        bounds = [0, *cutoffs, vocabulary_size]
        if not cutoffs or any(a >= b for a, b in pairwise(bounds)):
            raise ValueError(
                f"adaptive_cutoffs: expected rising numbers from 1 to {vocabulary_size - 1}, one "
                f"less than there are words, got {list(cutoffs)}; null is the full softmax"
            )
        self.cutoffs = tuple(cutoffs)
        self.vocabulary_size = vocabulary_size
        num_clusters = len(cutoffs)
        self.head_weight = nn.Parameter(torch.empty(cutoffs[0] + num_clusters, features))
        self.head_bias = nn.Parameter(torch.zeros(cutoffs[0] + num_clusters))
        widths = [max(1, features // DIVISOR**i) for i in range(1, num_clusters + 1)]
        sizes = [b - a for a, b in pairwise(bounds[1:])]
        self.projections = nn.ParameterList(torch.empty(width, features) for width in widths)
        self.cluster_weights = nn.ParameterList(
            torch.empty(size, width) for size, width in zip(sizes, widths, strict=True)
        )
        self.cluster_biases = nn.ParameterList(torch.zeros(size) for size in sizes)

    @property
    def weights(self) -> list[nn.Parameter]:
        """All matrices."""
        return [self.head_weight, *self.projections, *self.cluster_weights]

    def forward(self, features: Tensor, targets: Tensor) -> Tensor:
        """Mean cross entropy, in nats a row, of targets (N,) int64 given features (N, F)."""
        check_targets(targets, self.vocabulary_size)
        cluster = torch.zeros_like(targets)  # 0: the short list
        for cutoff in self.cutoffs:
            cluster += targets >= cutoff
        in_head = torch.where(cluster == 0, targets, self.cutoffs[0] - 1 + cluster)
        loss = linear_cross_entropy(features, self.head_weight, self.head_bias, in_head)
        for i, cutoff in enumerate(self.cutoffs):
            rows = (cluster == i + 1).nonzero().squeeze(1)
            if len(rows) > 0:
                of_cluster = self._cluster_loss(i, features[rows], targets[rows] - cutoff)
                loss = loss + of_cluster * (len(rows) / len(targets))
        return loss

    def log_probabilities(self, features: Tensor) -> Tensor:
        """Of all words, in nats: features (…, F) -> (…, V)."""
        head = F.linear(features, self.head_weight, self.head_bias).log_softmax(-1)
        parts = [head[..., : self.cutoffs[0]]]
        for i in range(len(self.cutoffs)):
            projected = F.linear(features, self.projections[i])
            inner = F.linear(projected, self.cluster_weights[i], self.cluster_biases[i])
            parts.append(head[..., self.cutoffs[0] + i, None] + inner.log_softmax(-1))
        return torch.cat(parts, dim=-1)

    def _cluster_loss(self, i: int, features: Tensor, targets: Tensor) -> Tensor:
        projected = F.linear(features, self.projections[i])
        return linear_cross_entropy(
            projected, self.cluster_weights[i], self.cluster_biases[i], targets
        )
