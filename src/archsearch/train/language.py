"""Language modelling: predict the next symbol of a stream."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch

from archsearch.archive import FitnessRule
from archsearch.data import TokenCorpus
from archsearch.data.notices import Read, tell_unknown
from archsearch.data.symbols import UNKNOWN
from archsearch.nn.language_model import LanguageModel
from archsearch.train.budget import Budget
from archsearch.train.metrics import LanguageMetric, perplexity_limit
from archsearch.train.task import Task
from archsearch.train.text_sampling import TextRequest, continue_symbols
from archsearch.train.training import Training

if TYPE_CHECKING:
    from archsearch.train.language_module import LanguageModule


_RULES = {
    LanguageMetric.PERPLEXITY: FitnessRule.LOGARITHM,
    LanguageMetric.BITS: FitnessRule.BITS,
    LanguageMetric.ACCURACY: FitnessRule.METRIC,
}


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
        self._metrics = tuple(_metric(each) for each in (metric, *measures))
        self.metric_name = str(self._metrics[0])
        self.fitness_rule = _RULES[self._metrics[0]]
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

    def module(
        self, network: LanguageModel, budget: Budget, training: Training, generator: torch.Generator
    ) -> "LanguageModule":
        from archsearch.train.language_module import LanguageModule

        corpus = self.corpus(budget)
        return LanguageModule(
            network,
            corpus,
            budget,
            training,
            generator,
            metrics=self._metrics,
            max_perplexity=self.max_perplexity or perplexity_limit(len(corpus.vocabulary)),
            test_batch_size=self.test_batch_size,
        )

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
