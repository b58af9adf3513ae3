"""Training of a network that predicts the next frame of music.

Shapes: T time, B batch, K keys.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from archsearch.data.piano_rolls import NUM_KEYS, RollCorpus, num_predicted
from archsearch.data.roll_batches import RollSegment, roll_segments
from archsearch.nn.frame_model import FrameModel, frame_nll
from archsearch.nn.stack import detach
from archsearch.train.budget import Budget
from archsearch.train.metrics import MusicMetric
from archsearch.train.module import BatchModule, StepLoss
from archsearch.train.note_scores import NoteCounts
from archsearch.train.training import Training

_GUESSING_NLL = NUM_KEYS * math.log(2)  # of a network that gives every key the probability 1/2


_NLL_OF_PIECES = "nll of pieces"  # the mean over pieces of their nll, each counting alike


class MusicModule(BatchModule[RollSegment]):
    """Trains and evaluates a FrameModel; every piece begins with zero states.

    States are carried from segment to segment of the same pieces and cut from the graph between
    them. Where a piece has ended, frames count in nothing.

    Validation chooses the network's threshold, with the largest F1, which the test then uses.
    """

    network: FrameModel
    _corpus: RollCorpus

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
        super().__init__(network, corpus, budget, training, generator)
        self.lower_is_better = metric is MusicMetric.NLL
        self._metric, self._unroll_steps = metric, budget.needed("unroll_steps")
        self._chooses_threshold = True
        self._counts = NoteCounts()
        self._evaluated = _Evaluated()
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
        loss = _frame_nll(logits, batch).sum() / size
        return StepLoss(loss, loss, size, len(batch.inputs))

    def begin(self) -> None:
        super().begin()
        self._counts = NoteCounts()
        self._evaluated = _Evaluated()

    def on_validation_epoch_start(self) -> None:
        self._chooses_threshold = True
        super().on_validation_epoch_start()

    def on_test_epoch_start(self) -> None:
        self._chooses_threshold = False
        super().on_test_epoch_start()

    def evaluate(self, batch: RollSegment) -> None:
        logits = self._logits(batch)
        self._evaluated.add(batch, _frame_nll(logits, batch))
        self._counts.count(logits[batch.mask].float().sigmoid(), batch.targets[batch.mask])

    def result(self) -> tuple[float, Mapping[str, float]]:
        if self._chooses_threshold:
            self.network.threshold.fill_(self._counts.best_threshold())
        self._nll = self._evaluated.nll
        scores = self._counts.scores(float(self.network.threshold))
        known = {MusicMetric.F1: scores.f1, MusicMetric.NLL: self._nll}
        others = {str(name): value for name, value in known.items() if name is not self._metric}
        measures = {
            _NLL_OF_PIECES: self._evaluated.nll_of_pieces,
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
        return roll_segments(pieces, self.budget.batch_size, self._unroll_steps, generator)

    def _logits(self, batch: RollSegment) -> Tensor:
        """(T, B, K); the states after it are kept, cut from the graph."""
        if batch.begins:
            self._states = None
        features = self.network(batch.inputs.float(), self._states)
        self._states = detach(features.states)
        return self.network.logits(features)


class _Evaluated:
    """The likelihood of the frames of an evaluation, by piece."""

    def __init__(self) -> None:
        self._nats: list[Tensor] = []  # (B,), of the pieces of each group
        self._frames: list[Tensor] = []  # the same

    def add(self, batch: RollSegment, nats: Tensor) -> None:
        """Count in the nats (T, B) of a segment, zero where no frame counts."""
        if batch.begins:
            self._nats.append(torch.zeros_like(nats[0]))
            self._frames.append(torch.zeros_like(nats[0]))
        self._nats[-1] += nats.sum(0)
        self._frames[-1] += batch.mask.sum(0)

    @property
    def nll(self) -> float:
        """Nats a frame."""
        return float(torch.cat(self._nats).sum() / torch.cat(self._frames).sum())

    @property
    def nll_of_pieces(self) -> float:
        """The mean over pieces of nats a frame."""
        return float((torch.cat(self._nats) / torch.cat(self._frames)).mean())


def _frame_nll(logits: Tensor, batch: RollSegment) -> Tensor:
    """(T, B), zero for the frames that do not count."""
    return torch.where(batch.mask, frame_nll(logits, batch.targets), 0.0)
