"""Optimisers and their learning rates over a training, each in its paper's terms.

A schedule holds no state: rates and averaging are functions of the epochs done and of the
validation metrics so far, so a resumed training needs nothing but its learning curve. Metrics are
better when lower.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import nn
from torch.optim import Optimizer


class Progress(NamedTuple):
    """Where a training stands."""

    epochs: float  # done; fractional within an epoch
    num_epochs: int  # in all
    metrics: Sequence[float]  # on validation data, one for every whole epoch done


@dataclass(frozen=True)
class Schedule(ABC):
    """Which optimiser, and which learning rate when."""

    lr: float  # of the first steps

    @abstractmethod
    def optimizer(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        """A fresh optimiser; its learning rate is set before every step."""

    @abstractmethod
    def learning_rate(self, progress: Progress) -> float:
        """The rate of the next step."""

    def averages(self, metrics: Sequence[float]) -> bool:  # noqa: ARG002
        """Whether weights are averaged from now on, after the epochs that gave `metrics`."""
        return False

    def is_over(self, progress: Progress) -> bool:  # noqa: ARG002
        """Whether the training ends here, between epochs, before all of them are done."""
        return False


@dataclass(frozen=True)
class _Sgd(Schedule):
    """Gradient descent with an L2 penalty of weight_decay / 2, and with Nesterov's momentum if any.

    Sutskever et al., On the importance of initialization and momentum in deep learning (2013).
    """

    weight_decay: float = 0.0
    momentum: float = 0.0

    def optimizer(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        return torch.optim.SGD(
            parameters,
            lr=self.lr,
            momentum=self.momentum,
            nesterov=self.momentum > 0,
            weight_decay=self.weight_decay,
            fused=True,
        )


@dataclass(frozen=True, kw_only=True)
class SgdDecay(_Sgd):
    """The rate stays for `constant_epochs`, then is multiplied by `decay` before every epoch.

    Zaremba, Sutskever, Vinyals, Recurrent Neural Network Regularization (2014), section 4.1.
    """

    constant_epochs: int
    decay: float

    def learning_rate(self, progress: Progress) -> float:
        return self.lr * self.decay ** max(0, int(progress.epochs) + 1 - self.constant_epochs)


@dataclass(frozen=True, kw_only=True)
class SgdPlateau(_Sgd):
    """The rate is divided by `factor` after every epoch that did not improve on the best so far.

    Where the rate would then be below `floor`, the training ends. Schrimpf et al., A Flexible
    Approach to Automated RNN Architecture Generation (2017): for language models learning rate 20,
    divided by 4; for translation 1.0, halved, down to 0.03.
    """

    factor: float
    floor: float = 0.0

    def learning_rate(self, progress: Progress) -> float:
        metrics = progress.metrics
        stalls = sum(metrics[i] >= min(metrics[:i]) for i in range(1, len(metrics)))
        return self.lr / self.factor**stalls

    def is_over(self, progress: Progress) -> bool:
        return self.learning_rate(progress) < self.floor


@dataclass(frozen=True, kw_only=True)
class NtAsgd(_Sgd):
    """SGD at a constant rate, averaged from the moment when validation stops improving.

    The non-monotone criterion: an epoch's metric is worse than the best of all epochs but the
    last `patience` before it. Merity, Keskar, Socher, Regularizing and Optimizing LSTM Language
    Models (2017), algorithm 1, with L = one epoch and n = `patience`. With `averages_at_once` it is
    averaged from the first step: their fine-tuning of weights that were trained before.
    """

    patience: int = 5
    averages_at_once: bool = False

    def learning_rate(self, progress: Progress) -> float:  # noqa: ARG002
        return self.lr

    def averages(self, metrics: Sequence[float]) -> bool:
        return self.averages_at_once or any(
            metrics[t] > min(metrics[: t - self.patience])
            for t in range(self.patience + 1, len(metrics))
        )


@dataclass(frozen=True, kw_only=True)
class Adam(Schedule):
    """Kingma & Ba, Adam (2015), with an optional rise and an optional cosine.

    The rate rises in a straight line over the first `warm_up` of the training, a share of it: the
    first steps move each weight by the whole rate, whatever its gradient, which cells without
    bounds do not survive. The cosine falls from `lr` to `final_lr` at the end of the last epoch
    (Loshchilov & Hutter, SGDR, 2017, equation 5, without restarts); where `final_lr` is None the
    rate stays at `lr`.
    """

    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0  # decoupled (AdamW)
    final_lr: float | None = None
    warm_up: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.warm_up < 1:
            raise ValueError(
                f"trainer.schedule.warm_up: expected a share from 0 to below 1, got {self.warm_up}"
            )

    def optimizer(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        return torch.optim.AdamW(
            parameters,
            lr=self.lr,
            betas=(self.betas[0], self.betas[1]),
            eps=self.eps,
            weight_decay=self.weight_decay,
            fused=True,
        )

    def learning_rate(self, progress: Progress) -> float:
        done = progress.epochs / progress.num_epochs
        risen = min(1.0, done / self.warm_up) if self.warm_up else 1.0
        if self.final_lr is None:
            return risen * self.lr
        return risen * _cosine(self.lr, self.final_lr, progress)


@dataclass(frozen=True, kw_only=True)
class NesterovSteps(_Sgd):
    """The rate is multiplied by `decay` after each of these shares of the training.

    Zoph & Le, Neural Architecture Search with Reinforcement Learning (2017), section 4.1, with the
    settings of Huang et al., Densely Connected Convolutional Networks (2016).
    """

    momentum: float = 0.9
    decay: float
    shares: tuple[float, ...]

    def learning_rate(self, progress: Progress) -> float:
        done = progress.epochs / progress.num_epochs
        return self.lr * self.decay ** sum(done >= share for share in self.shares)


@dataclass(frozen=True, kw_only=True)
class NesterovCosine(_Sgd):
    """The cosine of `Adam`, for trainings of few epochs."""

    momentum: float = 0.9
    final_lr: float

    def learning_rate(self, progress: Progress) -> float:
        return _cosine(self.lr, self.final_lr, progress)


def _cosine(first: float, last: float, progress: Progress) -> float:
    done = min(1.0, progress.epochs / progress.num_epochs)
    return last + (first - last) * (1 + math.cos(math.pi * done)) / 2
