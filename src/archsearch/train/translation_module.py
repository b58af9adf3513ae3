"""Training of an encoder-decoder on sentence pairs.

Shapes: T target steps, B pairs.
"""

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from archsearch.data import PairBatch, ParallelCorpus, pair_batches
from archsearch.data.parallel import BEGIN, END, PAD, UNK
from archsearch.nn.beam_search import Beam
from archsearch.nn.encoder_decoder import EncoderDecoder
from archsearch.train.budget import Budget
from archsearch.train.metrics import Mean, perplexity_limit, perplexity_of, too_perplexed
from archsearch.train.module import BatchModule, StepLoss
from archsearch.train.training import Training
from archsearch.train.translation_sampling import NEVER_SAID, max_length

PERPLEXITY = "perplexity"


class TranslationModule(BatchModule[PairBatch]):
    """Trains and evaluates an EncoderDecoder.

    The loss is the mean over target symbols, ends included; summed over steps it is nats a pair. A
    batch of fewer pairs than the budget's moves the weights in proportion.

    The metric is the BLEU of the translations of a whole split, the other measure the perplexity of
    its target symbols, given those before. The schedule looks at perplexity, as that of Schrimpf et
    al. (2017): it changes smoothly where BLEU jumps by its third decimal.

    bleu: of translations and references, in percent.
    valid_beam, test_beam: how translations are searched.
    """

    network: EncoderDecoder
    _corpus: ParallelCorpus
    lower_is_better = False

    def __init__(
        self,
        network: EncoderDecoder,
        corpus: ParallelCorpus,
        budget: Budget,
        training: Training,
        generator: torch.Generator,
        *,
        bleu: Callable[[list[str], list[str]], float],
        valid_beam: Beam,
        test_beam: Beam,
    ) -> None:
        super().__init__(network, corpus, budget, training, generator)
        self._bleu = bleu
        self._valid_beam, self._test_beam = valid_beam, test_beam
        self._epoch_size = float(sum(len(pair.target) for pair in corpus.train))
        self._max_perplexity = perplexity_limit(len(corpus.target))
        self._translations: dict[int, str] = {}  # by place in the split
        self._nats_per_symbol = Mean()
        self._perplexity = math.nan  # of the last evaluation

    def train_batches(self) -> list[PairBatch]:
        return pair_batches(self._corpus.train, self.budget.batch_size, self.order_generator())

    def valid_batches(self) -> list[PairBatch]:
        return pair_batches(self._corpus.valid, self.budget.batch_size)

    def test_batches(self) -> list[PairBatch]:
        return pair_batches(self._corpus.test, self.budget.batch_size)

    @property
    def epoch_size(self) -> float:
        return self._epoch_size

    @property
    def schedule_costs(self) -> list[float]:
        return [epoch.measures[PERPLEXITY] for epoch in self.curve]

    def step_loss(self, batch: PairBatch) -> StepLoss:
        loss, num_symbols = self._loss(batch)
        return StepLoss(loss, loss, num_symbols, num_symbols / len(batch.pairs))

    def rate_factor(self, batch: PairBatch) -> float:
        return len(batch.pairs) / self.budget.batch_size

    def begin(self) -> None:
        super().begin()
        self._translations, self._nats_per_symbol = {}, Mean()

    def evaluate(self, batch: PairBatch) -> None:
        loss, num_symbols = self._loss(batch)
        self._nats_per_symbol.add(loss * num_symbols, num_symbols)
        translations = self.network.translate(
            batch.source, self._beam, begin=BEGIN, end=END, never=NEVER_SAID,
            max_length=max_length(batch.source),
        )  # fmt: skip
        for place, numbers in zip(batch.pairs, translations, strict=True):
            self._translations[place] = self._corpus.target.decode(numbers)

    def result(self) -> tuple[float, Mapping[str, float]]:
        self._perplexity = perplexity_of(self._nats_per_symbol.value)
        translations = [self._translations[i] for i in range(len(self._translations))]
        references = self._corpus.test_references if self._tests else self._corpus.valid_references
        return self._bleu(translations, list(references)), {PERPLEXITY: self._perplexity}

    def objection(self, metric: float) -> str | None:  # noqa: ARG002
        return too_perplexed(self._perplexity, self._max_perplexity)

    @property
    def _tests(self) -> bool:
        return bool(self.trainer.testing)

    @property
    def _beam(self) -> Beam:
        return self._test_beam if self._tests else self._valid_beam

    def _loss(self, batch: PairBatch) -> tuple[Tensor, int]:
        """Mean over the symbols to predict, and their number."""
        vectors = self.network(batch.source, batch.inputs)
        counts = batch.targets != PAD
        if not self._corpus.teaches_unknown:
            counts &= batch.targets != UNK
        targets = batch.targets[counts]
        return self.network.loss_of_rows(vectors[counts], targets), len(targets)
