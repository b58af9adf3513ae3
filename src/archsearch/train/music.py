"""Music modelling: predict which keys sound in the next frame of a piano roll.

Shapes: T frames, B batch, K keys.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import torch
from torch import Tensor

from archsearch.architecture import Architecture
from archsearch.archive import FitnessRule
from archsearch.data.midi_rolls import midi_of_roll
from archsearch.data.piano_rolls import (
    NUM_KEYS,
    RollCorpus,
    RollSegment,
    num_predicted,
    roll_segments,
)
from archsearch.nn.frame_model import FrameModel, frame_nll
from archsearch.nn.stack import detach
from archsearch.train.budget import Budget
from archsearch.train.module import BatchModule, StepLoss
from archsearch.train.note_scores import NoteCounts
from archsearch.train.task import Model, Task, check_least

_GUESSING_NLL = NUM_KEYS * math.log(2)  # of a network that gives every key the probability 1/2
_NLL_OF_PIECES = "nll of pieces"  # the mean over pieces of their nll, each counting alike


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

    task: "MusicTask"
    network: FrameModel
    _corpus: RollCorpus

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        for name in ("activation_regularization", "temporal_regularization", "variable_unroll"):
            if value := getattr(self.training_plan, name):
                raise ValueError(
                    f"trainer.{name}: expected {type(value)(0)} for music, got {value}; "
                    "try trainer=adam"
                )
        self.epoch_size = num_predicted(self._corpus.train)
        self._unroll_steps = self.budget.needed("unroll_steps")

    def train_batches(self) -> list[RollSegment]:
        return self._segments(self._corpus.train, self.order_generator())

    def valid_batches(self) -> list[RollSegment]:
        return self._segments(self._corpus.valid)

    def test_batches(self) -> list[RollSegment]:
        return self._segments(self._corpus.test)

    def step_loss(self, batch: RollSegment) -> StepLoss:
        logits = self._logits(batch)
        size = int(batch.mask.sum())
        loss = _frame_nll(logits, batch).sum() / size
        return StepLoss(loss, loss, size, len(batch.inputs))

    def begin(self) -> None:
        super().begin()
        self._counts = NoteCounts()
        self._evaluated = _Evaluated()

    def evaluate(self, batch: RollSegment) -> None:
        logits = self._logits(batch)
        self._evaluated.add(batch, _frame_nll(logits, batch))
        self._counts.count(logits[batch.mask].float().sigmoid(), batch.targets[batch.mask])

    def result(self) -> tuple[float, Mapping[str, float]]:
        if not self.tests:
            self.network.threshold.fill_(self._counts.best_threshold())
        self._nll = self._evaluated.nll
        scores = self._counts.scores(float(self.network.threshold))
        known = {MusicMetric.F1: scores.f1, MusicMetric.NLL: self._nll}
        metric = self.task.metric_kind
        others = {str(name): value for name, value in known.items() if name is not metric}
        measures = {
            _NLL_OF_PIECES: self._evaluated.nll_of_pieces,
            "precision": scores.precision, "recall": scores.recall, "accuracy": scores.accuracy,
        }  # fmt: skip
        return known[metric], others | measures

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


@dataclass(frozen=True, slots=True)
class MusicRequest:
    """What may be asked of a model of music. Seconds are those of the finished piece.

    seconds: of what the network makes.
    prime_seconds: of the given piece before that, which the network goes on from.
    piece: of the test split, counted from 0.
    """

    seconds: float = 30.0
    prime_seconds: float = 5.0
    piece: int = 0

    def __post_init__(self) -> None:
        check_least(self, seconds=0, prime_seconds=0, piece=-1)


@torch.no_grad()
def continue_roll(
    network: FrameModel, beginning: Tensor, num_frames: int, generator: torch.Generator
) -> Tensor:
    """The beginning (T, K), of at least one frame, and `num_frames` drawn after it: uint8.

    In a frame each key is drawn for itself with the probability that the network gives it after
    all frames before.
    """
    assert not network.training
    frames = [beginning.to(torch.uint8)]
    heard, states = beginning[:, None].float(), None
    for _ in range(num_frames):
        features = network(heard, states)
        states = features.states
        probabilities = network.logits(features)[-1, 0].float().sigmoid()
        drawn = torch.rand(probabilities.shape, generator=generator) < probabilities
        frames.append(drawn[None].to(torch.uint8))
        heard = drawn[None, None].float()
    return torch.cat(frames)


class MusicTask(Task[FrameModel, RollCorpus]):
    """A corpus of piano rolls, and how well the next frame of its pieces is predicted.

    Fitness is the F1; of the metric nll it is −nll, in nats a frame. `Budget.max_train_symbols` and
    `max_valid_symbols` limit frames.

    Args:
        corpus: loads it.
        metric: a value of `MusicMetric`; the other one is measured beside it.
    """

    module_type = MusicModule
    networks, models = FrameModel, "frames"
    needs = ("num_layers", "hidden_size", "unroll_steps")
    sample_request = MusicRequest
    sample_suffix = ".mid"

    def __init__(
        self, name: str, corpus: Callable[[], RollCorpus], metric: str = MusicMetric.F1
    ) -> None:
        if metric not in tuple(MusicMetric):
            raise ValueError(f"task.metric: expected {' or '.join(MusicMetric)}, got {metric!r}")
        self.name = name
        self.metric_kind = MusicMetric(metric)
        self.metric_name = str(self.metric_kind)
        is_nll = self.metric_kind is MusicMetric.NLL
        self.fitness_rule = FitnessRule.NEGATIVE if is_nll else FitnessRule.METRIC
        self._load_corpus = corpus

    def loaded(self, budget: Budget) -> RollCorpus:
        return self._load_corpus().limit(
            max_train_frames=budget.max_train_symbols, max_valid_frames=budget.max_valid_symbols
        )

    def check_fit(self, architecture: Architecture, budget: Budget, model: Model) -> None:
        super().check_fit(architecture, budget, model)
        for name in ("embedding_size", "vocabulary_size"):
            if (value := getattr(budget, name)) is not None:
                raise ValueError(
                    f"budget.{name}: expected null for task {self.name}, whose frames have "
                    f"{NUM_KEYS} keys, got {value}; try budget=music_small"
                )

    def sizes(self, budget: Budget) -> dict[str, int | None]:
        return {
            "num_keys": NUM_KEYS,
            "num_layers": budget.num_layers,
            "hidden_size": budget.hidden_size,
        }

    def sample(
        self, network: FrameModel, budget: Budget, request: MusicRequest,
        generator: torch.Generator,
    ) -> bytes:  # fmt: skip
        """A MIDI file: the beginning of a test piece, and what the network makes of it."""
        corpus = self.corpus(budget)
        if request.piece >= len(corpus.test):
            raise ValueError(
                f"piece: expected at most {len(corpus.test) - 1}, the last test piece of "
                f"{self.name}, got {request.piece}"
            )
        num_given = max(1, round(request.prime_seconds / corpus.frame_seconds))
        num_drawn = max(1, round(request.seconds / corpus.frame_seconds))
        beginning = corpus.test[request.piece][:num_given]
        roll = continue_roll(network, beginning, num_drawn, generator)
        return midi_of_roll(roll, corpus.frame_seconds)
