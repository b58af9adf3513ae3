"""Training of a classifier of images.

Shapes: B batch.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

from archsearch.data import ImageCorpus, LabelledImages, UpsampledCrops, whiten
from archsearch.nn.convolutional import ConvolutionalNetwork
from archsearch.train.budget import Budget
from archsearch.train.metrics import Mean
from archsearch.train.module import BatchModule, StepLoss
from archsearch.train.training import Training

CROSS_ENTROPY = "cross entropy"  # nats an image


class ImageModule(BatchModule[LabelledImages]):
    """Trains a ConvolutionalNetwork on random crops of whitened images, in a new order each epoch.

    All batches of an epoch have the budget's size, for the statistics of a rest would be those of a
    few images; the rest is left out, other images each time. Evaluated are all images.
    """

    network: ConvolutionalNetwork
    _corpus: ImageCorpus
    lower_is_better = False

    def __init__(
        self,
        network: ConvolutionalNetwork,
        corpus: ImageCorpus,
        budget: Budget,
        training: Training,
        generator: torch.Generator,
        *,
        crops: UpsampledCrops,
    ) -> None:
        super().__init__(network, corpus, budget, training, generator)
        self._crops = crops
        self._num_trained = len(corpus.train.labels) // budget.batch_size * budget.batch_size
        self._nats_per_image, self._share_right = Mean(), Mean()
        self._cross_entropy = 0.0  # of the last evaluation

    def train_batches(self) -> list[LabelledImages]:
        order = torch.randperm(len(self._corpus.train.labels), generator=self.order_generator())
        return self._corpus.train.at(order[: self._num_trained]).batches(self.budget.batch_size)

    def valid_batches(self) -> list[LabelledImages]:
        return self._corpus.valid.batches(self.budget.batch_size)

    def test_batches(self) -> list[LabelledImages]:
        return self._corpus.test.batches(self.budget.batch_size)

    @property
    def epoch_size(self) -> float:
        return self._num_trained

    def step_loss(self, batch: LabelledImages) -> StepLoss:
        logits = self._logits(self._crops.random(whiten(batch.images), self._generator))
        loss = F.cross_entropy(logits, batch.labels)
        return StepLoss(loss, loss, size=len(batch.labels), num_steps=1)

    def begin(self) -> None:
        super().begin()
        self._nats_per_image, self._share_right = Mean(), Mean()

    def evaluate(self, batch: LabelledImages) -> None:
        logits = self._logits(self._crops.central(whiten(batch.images)))
        nats = F.cross_entropy(logits, batch.labels, reduction="sum")
        self._nats_per_image.add(nats, len(batch.labels))
        self._share_right.add((logits.argmax(dim=1) == batch.labels).sum(), len(batch.labels))

    def result(self) -> tuple[float, Mapping[str, float]]:
        self._cross_entropy = self._nats_per_image.value
        return self._share_right.value, {CROSS_ENTROPY: self._cross_entropy}

    def objection(self, metric: float) -> str | None:  # noqa: ARG002
        """An accuracy is finite whatever has happened to the weights."""
        if math.isfinite(self._cross_entropy):
            return None
        return f"validation cross entropy is {self._cross_entropy}"

    def _logits(self, images: Tensor) -> Tensor:
        """In float32, also where the network computes in bfloat16.

        With the channels of a pixel side by side a step took 0.7 times as long in float32, and 0.85
        times in bfloat16.
        """
        logits: Tensor = self.network(images.contiguous(memory_format=torch.channels_last))
        return logits.float()
