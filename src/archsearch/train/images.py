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
from archsearch.train.task import Loaded, Model, Task, check_model
from archsearch.train.training import Training

if TYPE_CHECKING:
    from archsearch.train.image_module import ImageModule

# As plain as a network of the NAS space with six layers can be.
PLAIN = read_conv(
    "conv 3x3x24 <- image; 3x3x24 /2 <- 0; 3x3x36 <- 1; 3x3x36 /2 <- 2; 3x3x48 <- 3; 3x3x48 <- 4"
)


class ImageTask(Task):
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
        self._loaded = Loaded[ImageCorpus]()

    @property
    def notes(self) -> Mapping[str, str]:
        """The corpus's, which is loaded for it."""
        return (self._loaded.last or self._load_corpus()).notes

    def load(self, budget: Budget) -> None:
        self.corpus(budget)

    def network(
        self, cell: Architecture, budget: Budget, model: Model, generator: torch.Generator
    ) -> ConvolutionalNetwork:
        if not isinstance(cell, ConvNetwork):
            raise ValueError(
                f"task={self.name}: expected a convolutional network such as "
                f"'conv 3x3x24 <- image', got a {type(cell).__name__}; searches have them in "
                "cell_space=conv"
            )
        check_model(model, ConvolutionalNetwork, self.name, "convolutional")
        corpus = self.corpus(budget)
        network = model(
            cell,
            len(corpus.classes),
            in_channels=corpus.train.images.shape[1],
            generator=generator,
        )
        assert isinstance(network, ConvolutionalNetwork)
        return network

    def module(
        self,
        network: torch.nn.Module,
        budget: Budget,
        training: Training,
        generator: torch.Generator,
    ) -> "ImageModule":
        # Here, because it needs Lightning, which nobody but trainings does.
        from archsearch.train.image_module import ImageModule

        assert isinstance(network, ConvolutionalNetwork)
        corpus = self.corpus(budget)
        crops = UpsampledCrops(corpus.train.images.shape[-1], self._upsampled_size)
        return ImageModule(network, corpus, budget, training, generator, crops=crops)

    def result(self, metrics: Sequence[float]) -> float:
        return max(metrics[-self._last_epochs :])

    def corpus(self, budget: Budget) -> ImageCorpus:
        """Within the budget's limits."""
        limits = {
            "max_train_images": budget.max_train_symbols,
            "max_valid_images": budget.max_valid_symbols,
        }
        corpus = self._loaded.get(limits, lambda: self._load_corpus().limit(**limits))
        _check_batch_size(budget.batch_size, len(corpus.train.labels))
        return corpus


def _check_batch_size(batch_size: int, num_images: int) -> None:
    if not 2 <= batch_size <= num_images:
        raise DataError(
            f"budget.batch_size: expected from 2, as batches are normalised, to the {num_images:,} "
            f"images that there are to train on, got {batch_size}"
        )
