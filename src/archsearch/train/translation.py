"""Translation: say a sentence in another language.

Shapes: S source steps, T target steps, B pairs.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from sacrebleu.metrics.bleu import BLEU
from torch import Tensor

from archsearch.archive import FitnessRule
from archsearch.data import (
    PairBatch,
    ParallelCorpus,
    ParallelSource,
    pair_batches,
    parallel_corpus,
)
from archsearch.data.parallel import BEGIN, END, PAD, UNK
from archsearch.data.text_files import read_text_file, text_of
from archsearch.decoding import lines_of
from archsearch.nn.beam_search import Beam
from archsearch.nn.encoder_decoder import EncoderDecoder
from archsearch.train.budget import Budget
from archsearch.train.metrics import Mean, perplexity_limit, perplexity_of, too_perplexed
from archsearch.train.module import BatchModule, StepLoss
from archsearch.train.task import Task, check_least

PERPLEXITY = "perplexity"
NEVER_SAID = (PAD, UNK, BEGIN)


class Bleu:
    """In percent, with one reference a sentence. Post, A Call for Clarity in Reporting BLEU (2018).

    tokenize: a tokeniser of sacrebleu; "none" splits on blanks alone.
    signature: all that a figure depends on, sacrebleu's version included; to be quoted with it.
    """

    def __init__(self, tokenize: str) -> None:
        if tokenize not in BLEU.TOKENIZERS:
            raise ValueError(
                f"task.tokenize: expected {', '.join(sorted(BLEU.TOKENIZERS))}, got {tokenize!r}"
            )
        # force: text that is tokenised already is meant to be compared as it stands.
        self._metric = BLEU(tokenize=tokenize, force=True)
        self(["a"], ["a"])  # the signature names the references, which it learns at first use
        self.signature = str(self._metric.get_signature())

    def __call__(self, translations: list[str], references: list[str]) -> float:
        return float(self._metric.corpus_score(translations, [references]).score)


class TranslationModule(BatchModule[PairBatch]):
    """Trains and evaluates an EncoderDecoder.

    The loss is the mean over target symbols, ends included; summed over steps it is nats a pair. A
    batch of fewer pairs than the budget's moves the weights in proportion.

    The metric is the BLEU of the translations of a whole split, the other measure the perplexity of
    its target symbols, given those before. The schedule looks at perplexity, as that of Schrimpf et
    al. (2017): it changes smoothly where BLEU jumps by its third decimal.
    """

    task: "TranslationTask"
    network: EncoderDecoder
    _corpus: ParallelCorpus

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.epoch_size = float(sum(len(pair.target) for pair in self._corpus.train))
        self._max_perplexity = perplexity_limit(len(self._corpus.target))

    def train_batches(self) -> list[PairBatch]:
        return pair_batches(self._corpus.train, self.budget.batch_size, self.order_generator())

    def valid_batches(self) -> list[PairBatch]:
        return pair_batches(self._corpus.valid, self.budget.batch_size)

    def test_batches(self) -> list[PairBatch]:
        return pair_batches(self._corpus.test, self.budget.batch_size)

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
        self._nats_per_symbol = Mean()
        self._translations: dict[int, str] = {}  # by place in the split

    def evaluate(self, batch: PairBatch) -> None:
        loss, num_symbols = self._loss(batch)
        self._nats_per_symbol.add(loss * num_symbols, num_symbols)
        beam = self.task.test_beam if self.tests else self.task.valid_beam
        translations = translated(self.network, batch.source, beam)
        for place, numbers in zip(batch.pairs, translations, strict=True):
            self._translations[place] = self._corpus.target.decode(numbers)

    def result(self) -> tuple[float, Mapping[str, float]]:
        self._perplexity = perplexity_of(self._nats_per_symbol.value)
        translations = [self._translations[i] for i in range(len(self._translations))]
        references = self._corpus.test_references if self.tests else self._corpus.valid_references
        return self.task.bleu(translations, list(references)), {PERPLEXITY: self._perplexity}

    def objection(self, metric: float) -> str | None:  # noqa: ARG002
        return too_perplexed(self._perplexity, self._max_perplexity)

    def _loss(self, batch: PairBatch) -> tuple[Tensor, int]:
        """Mean over the symbols to predict, and their number."""
        vectors = self.network(batch.source, batch.inputs)
        counts = batch.targets != PAD
        if not self._corpus.teaches_unknown:
            counts &= batch.targets != UNK
        targets = batch.targets[counts]
        return self.network.loss_of_rows(vectors[counts], targets), len(targets)


def translated(network: EncoderDecoder, source: Tensor, beam: Beam) -> list[list[int]]:
    """The numbers of the target symbols that beam search finds for each of source (S, B)."""
    limit = 2 * len(source) + 10  # symbols
    return network.translate(source, beam, begin=BEGIN, end=END, never=NEVER_SAID, max_length=limit)


@dataclass(frozen=True, slots=True)
class TranslationRequest:
    """What may be asked of a network that translates.

    input: a file whose lines are sentences in the form of the training text; None: standard input.
    beam_size: hypotheses side by side, 1 is greedy; None: those of the task's test.
    """

    input: str | None = None
    beam_size: int | None = None

    def __post_init__(self) -> None:
        if self.beam_size is not None:
            check_least(self, beam_size=0)

    def lines(self) -> list[str]:
        """The sentences. Raises DataError where there is no text."""
        if self.input is None:
            return lines_of(text_of(sys.stdin.buffer.read(), "standard input"))
        return lines_of(read_text_file(self.input, "input"))


def translate_line(network: EncoderDecoder, corpus: ParallelCorpus, line: str, beam: Beam) -> str:
    """The translation that beam search finds; that of an empty line is empty."""
    if not line.strip():
        return ""
    source = corpus.source.encode(line).unsqueeze(1)
    (numbers,) = translated(network, source, beam)
    return corpus.target.decode(numbers)


class TranslationTask(Task[EncoderDecoder, ParallelCorpus]):
    """A parallel corpus, and the BLEU of what is made of its source sentences.

    Fitness is BLEU as a share of 1. `notes` has sacrebleu's signature and what the corpus says of
    itself. The budget's symbols are sentence pairs here, and its vocabulary's size is that of
    either language.

    Args:
        text: loads it.
        min_count: how often a word must occur in the training pairs to be in the vocabulary.
        tokenize: sacrebleu's tokeniser; "none" compares words as the corpus has them.
        beam_size: hypotheses side by side on the test split; 1 is greedy.
        valid_beam_size: the same on validation data, after every epoch.
        length_penalty: see Beam.
    """

    module_type = TranslationModule
    networks, models = EncoderDecoder, "encoder_decoder"
    sample_request = TranslationRequest
    sample_suffix = None
    metric_name = "BLEU"
    fitness_rule = FitnessRule.HUNDREDTH

    def __init__(
        self,
        name: str,
        text: ParallelSource,
        min_count: int = 2,
        tokenize: str = "none",
        beam_size: int = 5,
        valid_beam_size: int = 1,
        length_penalty: float = 1.0,
    ) -> None:
        for key, value in (
            ("min_count", min_count), ("beam_size", beam_size), ("valid_beam_size", valid_beam_size)
        ):  # fmt: skip
            if value < 1:
                raise ValueError(f"task.{key}: expected at least 1, got {value}")
        self.name, self.min_count = name, min_count
        self._text, self.bleu = text, Bleu(tokenize)
        self.test_beam = Beam(beam_size, length_penalty)
        self.valid_beam = Beam(valid_beam_size, length_penalty)

    @property
    def notes(self) -> Mapping[str, str]:
        """The signature of BLEU, and what the text says of itself."""
        return {"BLEU": self.bleu.signature, **self._text.notes}

    def loaded(self, budget: Budget) -> ParallelCorpus:
        return parallel_corpus(
            self._text(),
            min_count=self.min_count,
            vocabulary_size=budget.vocabulary_size,
            max_train_pairs=budget.max_train_symbols,
            max_valid_pairs=budget.max_valid_symbols,
        )

    def sizes(self, budget: Budget) -> dict[str, int | None]:
        corpus = self.corpus(budget)
        return {
            "source_size": len(corpus.source),
            "target_size": len(corpus.target),
            "num_layers": budget.num_layers,
            "hidden_size": budget.hidden_size,
            "embedding_size": budget.embedding_size,
        }

    def sample(
        self, network: EncoderDecoder, budget: Budget, request: TranslationRequest,
        generator: torch.Generator,  # noqa: ARG002
    ) -> bytes:  # fmt: skip
        """The translation of each line; nothing is drawn."""
        beam = self.test_beam
        if request.beam_size is not None:
            beam = beam._replace(size=request.beam_size)
        corpus = self.corpus(budget)
        lines = [translate_line(network, corpus, line, beam) for line in request.lines()]
        return "".join(f"{line}\n" for line in lines).encode()
