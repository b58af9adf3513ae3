"""Training of a language model by truncated backpropagation through time.

Shapes: T time, B batch.
"""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from archsearch.data import Segment, TokenCorpus, batchify, segments, variable_segments
from archsearch.nn.language_model import LanguageModel, activation_penalty
from archsearch.nn.stack import Features, detach
from archsearch.train.budget import Budget
from archsearch.train.metrics import LanguageMetric, Mean, perplexity_of, too_perplexed
from archsearch.train.module import BatchModule, StepLoss
from archsearch.train.training import Training


class LanguageModule(BatchModule[Segment]):
    """Trains and evaluates a LanguageModel on segments that follow each other in a stream.

    States are carried from segment to segment and cut from the graph between them; they start
    from zeros with every epoch and every evaluation. Where a training leaves steps out that are not
    finite, states that overflow begin again in its evaluations too: every symbol still counts, and
    a measure says how often. Otherwise one overflow would fail a cell that does not bound its
    states.

    metrics: the metric, then the other measures.
    max_perplexity: above it, on validation data, a training has diverged.
    """

    network: LanguageModel
    _corpus: TokenCorpus

    def __init__(
        self,
        network: LanguageModel,
        corpus: TokenCorpus,
        budget: Budget,
        training: Training,
        generator: torch.Generator,
        *,
        metrics: Sequence[LanguageMetric],
        max_perplexity: float,
        test_batch_size: int,
    ) -> None:
        super().__init__(network, corpus, budget, training, generator)
        self.lower_is_better = metrics[0] is not LanguageMetric.ACCURACY
        self._unroll_steps = budget.needed("unroll_steps")
        self._train_stream = batchify(corpus.train, budget.batch_size)
        predicted = self._train_stream[1:]
        self._epoch_size = len(predicted) * self._share_scored(predicted)
        self._metrics = tuple(metrics)
        self._max_perplexity, self._test_batch_size = max_perplexity, test_batch_size
        self._nats_per_symbol, self._share_right = Mean(), Mean()
        self._num_restarts = 0  # segments of the evaluation before which states began again
        self._perplexity = math.nan  # of the last evaluation

    def train_batches(self) -> list[Segment]:
        if not self.training_plan.variable_unroll:
            return segments(self._train_stream, self._unroll_steps)
        return variable_segments(self._train_stream, self._unroll_steps, self.order_generator())

    def valid_batches(self) -> list[Segment]:
        stream = batchify(self._corpus.valid, self.budget.batch_size)
        return segments(stream, self._unroll_steps)

    def test_batches(self) -> list[Segment]:
        stream = batchify(self._corpus.test, self._test_batch_size)
        # As many symbols at a time as in training, so that the logits take no more memory.
        num_symbols = self.budget.batch_size * self._unroll_steps
        return segments(stream, max(1, num_symbols // self._test_batch_size))

    @property
    def epoch_size(self) -> float:
        return self._epoch_size

    def step_loss(self, batch: Segment) -> StepLoss:
        inputs, targets = self._read(batch)
        features = self.network(inputs, self._states)
        self._states = detach(features.states)
        loss = self._loss(features, targets)
        num_steps = len(inputs)
        size = num_steps * self._share_scored(targets)
        return StepLoss(loss, self._penalised(loss, features), size, num_steps)

    def rate_factor(self, batch: Segment) -> float:
        if not self.training_plan.variable_unroll:
            return 1.0
        return len(batch.inputs) / self._unroll_steps  # Merity et al. (2017), section 4.1

    def begin(self) -> None:
        super().begin()
        self._nats_per_symbol, self._share_right = Mean(), Mean()
        self._num_restarts = 0

    def evaluate(self, batch: Segment) -> None:
        inputs, targets = self._read(batch)
        features = self.network(inputs, self._states)
        loss = self._loss(features, targets)
        if self._must_begin_again(loss):
            self._num_restarts += 1
            features = self.network(inputs, None)
            loss = self._loss(features, targets)
        self._states = features.states
        num_scored = len(inputs) * self._share_scored(targets)
        self._nats_per_symbol.add(loss * num_scored, num_scored)
        if LanguageMetric.ACCURACY in self._metrics:
            is_right = self.network.logits(features).argmax(2) == targets
            self._share_right.add(is_right.sum() / targets.shape[1], num_scored)

    def result(self) -> tuple[float, Mapping[str, float]]:
        nats = self._nats_per_symbol.value
        self._perplexity = perplexity_of(nats)
        known = {
            LanguageMetric.PERPLEXITY: self._perplexity,
            LanguageMetric.BITS: nats / math.log(2),
        }
        if LanguageMetric.ACCURACY in self._metrics:
            known[LanguageMetric.ACCURACY] = self._share_right.value
        metric, *others = self._metrics
        measures = {str(name): known[name] for name in others}
        if self._num_restarts:
            measures["restarted states"] = float(self._num_restarts)
        return known[metric], measures

    def objection(self, metric: float) -> str | None:  # noqa: ARG002
        return too_perplexed(self._perplexity, self._max_perplexity)

    def _must_begin_again(self, loss: Tensor) -> bool:
        may = self.training_plan.max_skipped_steps > 0 and self._states is not None
        return may and not math.isfinite(float(loss))

    def _read(self, segment: Segment) -> tuple[Tensor, Tensor]:
        """Inputs and targets, which stay negative where they do not count."""
        inputs, targets = segment
        if self._corpus.all_scored:
            return inputs, targets
        return torch.where(inputs < 0, ~inputs, inputs), targets

    def _loss(self, features: Features, targets: Tensor) -> Tensor:
        """Mean over the targets that count; 0 where none does."""
        if self._corpus.all_scored:
            return self.network.loss(features, targets)
        scored = targets >= 0
        rows = features.dropped[scored]
        return self.network.loss_of_rows(rows, targets[scored]) if len(rows) else rows.sum()

    def _share_scored(self, targets: Tensor) -> float:
        if self._corpus.all_scored:
            return 1.0
        return int((targets >= 0).sum()) / targets.numel()

    def _penalised(self, loss: Tensor, features: Features) -> Tensor:
        plan = self.training_plan
        if plan.activation_regularization or plan.temporal_regularization:
            loss = loss + activation_penalty(
                features, plan.activation_regularization, plan.temporal_regularization
            )
        return loss
