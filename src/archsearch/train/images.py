"""Classification of images by convolutional networks."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import torch

from archsearch.architecture import Architecture, ConvNetwork, read_conv
from archsearch.archive import FitnessRule
from archsearch.data import DataError, ImageCorpus, UpsampledCrops
from archsearch.nn.convolutional import ConvolutionalNetwork
from archsearch.train.budget import Budget
from archsearch.train.task import Model, Task
from archsearch.train.training import Training

if TYPE_CHECKING:
    from archsearch.train.image_module import ImageModule

# As plain as a network of the NAS space with six layers can be.
PLAIN = read_conv(
    "conv 3x3x24 <- image; 3x3x24 /2 <- 0; 3x3x36 <- 1; 3x3x36 /2 <- 2; 3x3x48 <- 3; 3x3x48 <- 4"
)


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
        self._upsampled_size, self._last_epochs = upsampled_size, last_epochs
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

    def module(
        self, network: ConvolutionalNetwork, budget: Budget, training: Training,
        generator: torch.Generator,
    ) -> "ImageModule":  # fmt: skip
        from archsearch.train.image_module import ImageModule

        corpus = self.corpus(budget)
        crops = UpsampledCrops(corpus.train.images.shape[-1], self._upsampled_size)
        return ImageModule(network, corpus, budget, training, generator, crops=crops)

    def result(self, metrics: Sequence[float]) -> float:
        return max(metrics[-self._last_epochs :])
