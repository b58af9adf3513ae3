"""Classification of images by convolutional networks. Shapes: B batch."""

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from archsearch.architecture import Architecture, ConvNetwork, read_conv
from archsearch.archive import FitnessRule
from archsearch.data import DataError, ImageCorpus, LabelledImages, UpsampledCrops, whiten
from archsearch.nn.convolutional import ConvolutionalNetwork
from archsearch.train.budget import Budget
from archsearch.train.metrics import Mean
from archsearch.train.module import BatchModule, StepLoss
from archsearch.train.task import Model, Task

# As plain as a network of the NAS space with six layers can be.
PLAIN = read_conv(
    "conv 3x3x24 <- image; 3x3x24 /2 <- 0; 3x3x36 <- 1; 3x3x36 /2 <- 2; 3x3x48 <- 3; 3x3x48 <- 4"
)
CROSS_ENTROPY = "cross entropy"  # nats an image


class ImageModule(BatchModule[LabelledImages]):
    """Trains a ConvolutionalNetwork on random crops of whitened images, in a new order each epoch.

    All batches of an epoch have the budget's size, for the statistics of a rest would be those of a
    few images; the rest is left out, other images each time. Evaluated are all images.
    """

    task: "ImageTask"
    network: ConvolutionalNetwork
    _corpus: ImageCorpus

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        images, labels = self._corpus.train
        self._crops = UpsampledCrops(images.shape[-1], self.task.upsampled_size)
        self.epoch_size = len(labels) // self.budget.batch_size * self.budget.batch_size

    def train_batches(self) -> list[LabelledImages]:
        order = torch.randperm(len(self._corpus.train.labels), generator=self.order_generator())
        return self._corpus.train.at(order[: int(self.epoch_size)]).batches(self.budget.batch_size)

    def valid_batches(self) -> list[LabelledImages]:
        return self._corpus.valid.batches(self.budget.batch_size)

    def test_batches(self) -> list[LabelledImages]:
        return self._corpus.test.batches(self.budget.batch_size)

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


class ImageTask(Task[ConvolutionalNetwork, ImageCorpus]):
    """A corpus, and the share of its images that are given the right class.

    Fitness is the accuracy. What counts of a training is the best of its last epochs, which NAS
    cubes for its reward (Zoph & Le 2017, section 4.1: `search.reward=cubed`).

    Of a budget, `max_train_symbols` and `max_valid_symbols` limit images, `batch_size` is in
    images, and the sizes of recurrent networks mean nothing.

    Args:
        corpus: loads it.
        upsampled_size: the side, in pixels, of the images out of which crops are taken.
        last_epochs: how many of the last epochs are those.
    """

    module_type = ImageModule
    networks, models, needs = ConvolutionalNetwork, "convolutional", ()
    metric_name = "accuracy"
    fitness_rule = FitnessRule.METRIC
    references = MappingProxyType({"plain": PLAIN})
    timed = PLAIN

    def __init__(
        self,
        name: str,
        corpus: Callable[[], ImageCorpus],
        upsampled_size: int = 40,
        last_epochs: int = 5,
    ) -> None:
        if last_epochs < 1:
            raise ValueError(f"task.last_epochs: expected at least 1, got {last_epochs}")
        self.name = name
        self.upsampled_size, self._last_epochs = upsampled_size, last_epochs
        self._load_corpus = corpus

    @property
    def notes(self) -> Mapping[str, str]:
        """The corpus's, which is loaded for it."""
        return (self._kept[1] if self._kept else self._load_corpus()).notes

    def loaded(self, budget: Budget) -> ImageCorpus:
        return self._load_corpus().limit(
            max_train_images=budget.max_train_symbols, max_valid_images=budget.max_valid_symbols
        )

    def corpus(self, budget: Budget) -> ImageCorpus:
        corpus = super().corpus(budget)
        num_images = len(corpus.train.labels)
        if not 2 <= budget.batch_size <= num_images:
            raise DataError(
                f"budget.batch_size: expected from 2, as batches are normalised, to the "
                f"{num_images:,} images that there are to train on, got {budget.batch_size}"
            )
        return corpus

    def check_fit(self, architecture: Architecture, budget: Budget, model: Model) -> None:
        if not isinstance(architecture, ConvNetwork):
            raise ValueError(
                f"task={self.name}: expected a convolutional network such as "
                f"'conv 3x3x24 <- image', got a {type(architecture).__name__}; searches have them "
                "in cell_space=conv"
            )
        super().check_fit(architecture, budget, model)

    def sizes(self, budget: Budget) -> dict[str, int | None]:
        corpus = self.corpus(budget)
        return {"num_classes": len(corpus.classes), "in_channels": corpus.train.images.shape[1]}

    def result(self, metrics: Sequence[float]) -> float:
        return max(metrics[-self._last_epochs :])
