"""Music modelling: predict which keys sound in the next frame of a piano roll."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from archsearch.architecture import Architecture
from archsearch.archive import FitnessRule
from archsearch.data.midi_rolls import midi_of_roll
from archsearch.data.piano_rolls import NUM_KEYS, RollCorpus
from archsearch.nn.frame_model import FrameModel
from archsearch.train.budget import Budget
from archsearch.train.metrics import MusicMetric
from archsearch.train.music_sampling import MusicRequest, continue_roll
from archsearch.train.task import Model, Task
from archsearch.train.training import Training

if TYPE_CHECKING:
    from archsearch.train.music_module import MusicModule


class MusicTask(Task[FrameModel, RollCorpus]):
    """A corpus of piano rolls, and how well the next frame of its pieces is predicted.

    Fitness is the F1; of the metric nll it is −nll, in nats a frame. `Budget.max_train_symbols` and
    `max_valid_symbols` limit frames.

    Args:
        corpus: loads it.
        metric: a value of `MusicMetric`; the other one is measured beside it.
    """

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
        self._metric = MusicMetric(metric)
        self.metric_name = str(self._metric)
        is_nll = self._metric is MusicMetric.NLL
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

    def module(
        self, network: FrameModel, budget: Budget, training: Training, generator: torch.Generator
    ) -> "MusicModule":
        from archsearch.train.music_module import MusicModule

        for name in ("activation_regularization", "temporal_regularization", "variable_unroll"):
            if value := getattr(training, name):
                raise ValueError(
                    f"trainer.{name}: expected {type(value)(0)} for music, got {value}; "
                    "try trainer=adam"
                )
        corpus = self.corpus(budget)
        return MusicModule(network, corpus, budget, training, generator, metric=self._metric)

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
