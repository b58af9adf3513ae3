"""Training of a network that predicts the next frame of music.

Shapes: T time, B batch, K keys.
"""

import math
from collections.abc import Mapping
from enum import StrEnum

import torch
from torch import Tensor

from archsearch.data.piano_rolls import NUM_KEYS, RollCorpus, num_predicted
from archsearch.data.roll_batches import RollSegment, roll_segments
from archsearch.nn.frame_model import FrameModel, frame_nll
from archsearch.nn.language_model import State, detach
from archsearch.train.budget import Budget
from archsearch.train.module import BatchModule, StepLoss
from archsearch.train.note_scores import NoteCounts
from archsearch.train.training import Training

_GUESSING_NLL = NUM_KEYS * math.log(2)  # of a network that gives every key the probability 1/2


class MusicMetric(StrEnum):
    """What a network is judged by, over frames 2 to T of all pieces."""

    F1 = "F1"  # of the keys predicted, at a threshold chosen on validation data
    NLL = "nll"  # nats a frame: the binary cross entropy summed over the keys


class MusicModule(BatchModule[RollSegment]):
    """Trains and evaluates a FrameModel; every piece begins with zero states.

    States are carried from segment to segment of the same pieces and cut from the graph between
    them. Where a piece has ended, frames count in nothing.

    Validation chooses the network's threshold, with the largest F1, which the test then uses.
    """

    network: FrameModel

    def __init__(
        self,
        network: FrameModel,
        corpus: RollCorpus,
        budget: Budget,
        training: Training,
        generator: torch.Generator,
        *,
        metric: MusicMetric,
    ) -> None:
        super().__init__(network, budget, training, generator)
        self.lower_is_better = metric is MusicMetric.NLL
        self._corpus, self._metric = corpus, metric
        self._states: list[State] | None = None
        self._chooses_threshold = True
        self._counts = NoteCounts()
        self._evaluated_nats: Tensor | float = 0.0  # summed over `_num_evaluated` frames
        self._num_evaluated = 0
        self._nll = math.nan  # of the last evaluation

    def train_batches(self) -> list[RollSegment]:
        return self._segments(self._corpus.train, self.order_generator())

    def valid_batches(self) -> list[RollSegment]:
        return self._segments(self._corpus.valid)

    def test_batches(self) -> list[RollSegment]:
        return self._segments(self._corpus.test)

    @property
    def epoch_size(self) -> float:
        return num_predicted(self._corpus.train)

    def step_loss(self, batch: RollSegment) -> StepLoss:
        logits = self._logits(batch)
        size = int(batch.mask.sum())
        loss = self._nll_of(logits, batch) / size
        return StepLoss(loss, loss, size, len(batch.inputs))

    def forget_states(self) -> None:
        self._states = None

    def begin(self) -> None:
        self.forget_states()
        self._counts = NoteCounts()
        self._evaluated_nats, self._num_evaluated = 0.0, 0

    def on_validation_epoch_start(self) -> None:
        self._chooses_threshold = True
        super().on_validation_epoch_start()

    def on_test_epoch_start(self) -> None:
        self._chooses_threshold = False
        super().on_test_epoch_start()

    def evaluate(self, batch: RollSegment) -> None:
        logits = self._logits(batch)
        self._evaluated_nats = self._evaluated_nats + self._nll_of(logits, batch)
        self._num_evaluated += int(batch.mask.sum())
        self._counts.count(logits[batch.mask].float().sigmoid(), batch.targets[batch.mask])

    def result(self) -> tuple[float, Mapping[str, float]]:
        if self._chooses_threshold:
            self.network.threshold.fill_(self._counts.best_threshold())
        self._nll = float(self._evaluated_nats) / self._num_evaluated
        scores = self._counts.scores(float(self.network.threshold))
        known = {MusicMetric.F1: scores.f1, MusicMetric.NLL: self._nll}
        others = {str(name): value for name, value in known.items() if name is not self._metric}
        measures = {
            "precision": scores.precision, "recall": scores.recall, "accuracy": scores.accuracy,
        }  # fmt: skip
        return known[self._metric], others | measures

    def objection(self, metric: float) -> str | None:  # noqa: ARG002
        if self._nll <= _GUESSING_NLL:
            return None
        return f"validation nll {self._nll:.4g} over that of guessing, {_GUESSING_NLL:.4g}"

    def _segments(
        self, pieces: tuple[Tensor, ...], generator: torch.Generator | None = None
    ) -> list[RollSegment]:
        return roll_segments(pieces, self.budget.batch_size, self.budget.unroll_steps, generator)

    def _logits(self, batch: RollSegment) -> Tensor:
        """(T, B, K); the states after it are kept, cut from the graph."""
        if batch.begins:
            self.forget_states()
        features = self.network(batch.inputs.float(), self._states)
        self._states = detach(features.states)
        return self.network.logits(features)

    def _nll_of(self, logits: Tensor, batch: RollSegment) -> Tensor:
        """Summed over the frames that count."""
        return torch.where(batch.mask, frame_nll(logits, batch.targets), 0.0).sum()
