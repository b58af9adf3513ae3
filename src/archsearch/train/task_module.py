"""What Lightning trains: a network of a task with its data."""

from abc import ABC, abstractmethod

import torch
from pytorch_lightning import LightningModule

from archsearch.archive import Epoch
from archsearch.train.budget import Budget


class TaskModule(LightningModule, ABC):
    """A network with its data and all that it takes to train, validate and test it."""

    network: torch.nn.Module
    budget: Budget
    lower_is_better: bool = True  # of the metric
    learning_rate: float  # of the last step
    curve: list[Epoch]  # one point an epoch done
    test_metric: float  # after Trainer.test
    test_measures: dict[str, float]  # the same

    @property
    def metrics(self) -> list[float]:
        """The metric on validation data after each epoch done."""
        return [epoch.valid_metric for epoch in self.curve]

    @property
    def costs(self) -> list[float]:
        """The same, turned so that lower is better."""
        return self.metrics if self.lower_is_better else [-metric for metric in self.metrics]

    @abstractmethod
    def validated_weights(self) -> dict[str, torch.Tensor]:
        """A copy of the network's weights as validation saw them last, so averaged if they were."""
