"""Language modelling: predict the next symbol of a stream.

Trained by truncated backpropagation through time. Shapes: T time, B batch, V symbols.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import torch
from torch import Tensor

from archsearch.archive import FitnessRule
from archsearch.data import Segment, TokenCorpus, batchify, segments, variable_segments
from archsearch.data.notices import Read, tell_unknown
from archsearch.data.text import UNKNOWN
from archsearch.nn.language_model import LanguageModel, activation_penalty
from archsearch.nn.stack import Features, detach
from archsearch.train.budget import Budget
from archsearch.train.metrics import Mean, perplexity_limit, perplexity_of, too_perplexed
from archsearch.train.module import BatchModule, StepLoss
from archsearch.train.task import Task, check_least


class LanguageMetric(StrEnum):
    """What a language model is judged by, over the symbols that count."""

    PERPLEXITY = "perplexity"
    BITS = "bits a symbol"  # log2 of the perplexity
    ACCURACY = "accuracy"  # the share of symbols that got the largest probability


_RULES = {
    LanguageMetric.PERPLEXITY: FitnessRule.LOGARITHM,
    LanguageMetric.BITS: FitnessRule.BITS,
    LanguageMetric.ACCURACY: FitnessRule.METRIC,
}


class LanguageModule(BatchModule[Segment]):
    """Trains and evaluates a LanguageModel on segments that follow each other in a stream.

    States are carried from segment to segment and cut from the graph between them; they start
    from zeros with every epoch and every evaluation. Where a training leaves steps out that are not
    finite, states that overflow begin again in its evaluations too: every symbol still counts, and
    a measure says how often. Otherwise one overflow would fail a cell that does not bound its
    states.
    """

    task: "LanguageTask"
    network: LanguageModel
    _corpus: TokenCorpus

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._unroll_steps = self.budget.needed("unroll_steps")
        self._train_stream = batchify(self._corpus.train, self.budget.batch_size)
        predicted = self._train_stream[1:]
        self.epoch_size = len(predicted) * self._share_scored(predicted)
        limit = self.task.max_perplexity or perplexity_limit(len(self._corpus.vocabulary))
        self._max_perplexity = limit  # above it, on validation data, a training has diverged

    def train_batches(self) -> list[Segment]:
        if not self.training_plan.variable_unroll:
            return segments(self._train_stream, self._unroll_steps)
        return variable_segments(self._train_stream, self._unroll_steps, self.order_generator())

    def valid_batches(self) -> list[Segment]:
        stream = batchify(self._corpus.valid, self.budget.batch_size)
        return segments(stream, self._unroll_steps)

    def test_batches(self) -> list[Segment]:
        stream = batchify(self._corpus.test, self.task.test_batch_size)
        # As many symbols at a time as in training, so that the logits take no more memory.
        num_symbols = self.budget.batch_size * self._unroll_steps
        return segments(stream, max(1, num_symbols // self.task.test_batch_size))

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
        self._num_restarts = 0  # segments of the evaluation before which states began again

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
        if LanguageMetric.ACCURACY in self.task.metrics:
            is_right = self.network.logits(features).argmax(2) == targets
            self._share_right.add(is_right.sum() / targets.shape[1], num_scored)

    def result(self) -> tuple[float, Mapping[str, float]]:
        nats = self._nats_per_symbol.value
        self._perplexity = perplexity_of(nats)
        known = {
            LanguageMetric.PERPLEXITY: self._perplexity,
            LanguageMetric.BITS: nats / math.log(2),
        }
        if LanguageMetric.ACCURACY in self.task.metrics:
            known[LanguageMetric.ACCURACY] = self._share_right.value
        metric, *others = self.task.metrics
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


@dataclass(frozen=True, slots=True)
class TextRequest:
    """What may be asked of a language model.

    length: symbols to draw: words, characters or pieces, whatever it was trained on.
    prompt: what they go on from; None: the beginning of a line.
    temperature: probabilities are raised to 1 / temperature; 0 takes the likeliest symbol always.
    """

    length: int = 500
    prompt: str | None = None
    temperature: float = 1.0

    def __post_init__(self) -> None:
        check_least(self, length=0)
        if not self.temperature >= 0:
            raise ValueError(f"temperature: expected at least 0, got {self.temperature}")


@torch.no_grad()
def continue_symbols(
    network: LanguageModel, beginning: Sequence[int], request: TextRequest,
    generator: torch.Generator, never: Sequence[int] = (),
) -> list[int]:  # fmt: skip
    """The numbers of symbols drawn after the beginning, of at least one symbol.

    never: symbols that are not drawn.
    """
    assert not network.training
    read, states = torch.tensor(beginning).unsqueeze(1), None
    drawn: list[int] = []
    for _ in range(request.length):
        features = network(read, states)
        states = features.states
        logits = network.logits(features)[-1, 0].double()  # (V,)
        logits[list(never)] = -torch.inf
        if request.temperature == 0:
            symbol = logits.argmax()
        else:
            probabilities = (logits / request.temperature).softmax(0)
            symbol = torch.multinomial(probabilities, 1, generator=generator)[0]
        drawn.append(int(symbol))
        read = symbol.view(1, 1)
    return drawn


class LanguageTask(Task[LanguageModel, TokenCorpus]):
    """A corpus, and how well its next symbols are predicted.

    Fitness is −ln of a perplexity, so the negative cross entropy in nats, however it is expressed;
    of an accuracy it is the accuracy.

    Args:
        corpus: loads it.
        metric: a value of `LanguageMetric`.
        measures: those that are measured beside it.
        test_batch_size: streams side by side when the test split is evaluated. With 1, as in the
            papers, every symbol but the first is predicted with all that precedes it.
        max_perplexity: a validation perplexity above it is a divergence. None: see
            `perplexity_limit`.
    """

    module_type = LanguageModule
    networks, models = LanguageModel, "language_model, gp_neat, dsl or awd_lstm"
    needs = ("num_layers", "hidden_size", "unroll_steps")
    sample_request = TextRequest
    sample_suffix = None

    def __init__(
        self,
        name: str,
        corpus: Callable[[], TokenCorpus],
        metric: str = LanguageMetric.PERPLEXITY,
        measures: Sequence[str] = (),
        test_batch_size: int = 1,
        max_perplexity: float | None = None,
    ) -> None:
        self.name = name
        self.test_batch_size = test_batch_size
        self.max_perplexity = max_perplexity
        self.metrics = tuple(_metric(each) for each in (metric, *measures))
        self.metric_name = str(self.metrics[0])
        self.fitness_rule = _RULES[self.metrics[0]]
        self._load_corpus = corpus

    def loaded(self, budget: Budget) -> TokenCorpus:
        return (
            self._load_corpus()
            .limit(
                max_train_symbols=budget.max_train_symbols,
                max_valid_symbols=budget.max_valid_symbols,
                vocabulary_size=budget.vocabulary_size,
            )
            .scored()
        )

    def sizes(self, budget: Budget) -> dict[str, int | None]:
        return {
            "vocabulary_size": len(self.corpus(budget).vocabulary),
            "num_layers": budget.num_layers,
            "hidden_size": budget.hidden_size,
            "embedding_size": budget.embedding_size,
        }

    @property
    def symbol(self) -> str:
        """Of the corpus, which is loaded for it."""
        return (self._kept[1] if self._kept else self._load_corpus()).symbols.name

    def sample(
        self, network: LanguageModel, budget: Budget, request: TextRequest,
        generator: torch.Generator,
    ) -> bytes:  # fmt: skip
        """The prompt and what the network makes of it, without `<unk>`."""
        corpus = self.corpus(budget)
        if request.prompt:
            beginning = corpus.encode(request.prompt)
            prompt = Read("the prompt", corpus.symbols.split(request.prompt), {*corpus.vocabulary})
            tell_unknown(corpus.name, [prompt])
        else:
            beginning = _line_end(corpus)
        never = [number for number, word in enumerate(corpus.vocabulary) if word == UNKNOWN]
        drawn = continue_symbols(network, beginning, request, generator, never)
        text = corpus.decode([*beginning, *drawn])
        return (text if request.prompt else text.removeprefix("\n")).encode() + b"\n"


def _line_end(corpus: TokenCorpus) -> list[int]:
    """What a text may be said to begin after; the first symbol of all where there are no lines."""
    if set(corpus.symbols.split("\n")) <= set(corpus.vocabulary):
        return corpus.encode("\n")
    first = int(corpus.train[0])
    return [first if first >= 0 else ~first]


def _metric(name: str) -> LanguageMetric:
    if name not in tuple(LanguageMetric):
        raise ValueError(
            f"task.metric, task.measures: expected {', '.join(LanguageMetric)}, got {name!r}"
        )
    return LanguageMetric(name)
