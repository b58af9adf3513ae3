"""Translation: say a sentence in another language."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from sacrebleu.metrics.bleu import BLEU

from archsearch.archive import FitnessRule
from archsearch.data import ParallelCorpus, ParallelSource, parallel_corpus
from archsearch.nn.beam_search import Beam
from archsearch.nn.encoder_decoder import EncoderDecoder
from archsearch.train.budget import Budget
from archsearch.train.task import Task
from archsearch.train.training import Training
from archsearch.train.translation_sampling import TranslationRequest, translate_line

if TYPE_CHECKING:
    from archsearch.train.translation_module import TranslationModule


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
        self._text, self._bleu = text, Bleu(tokenize)
        self._test_beam = Beam(beam_size, length_penalty)
        self._valid_beam = Beam(valid_beam_size, length_penalty)

    @property
    def notes(self) -> Mapping[str, str]:
        """The signature of BLEU, and what the text says of itself."""
        return {"BLEU": self._bleu.signature, **self._text.notes}

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

    def module(
        self, network: EncoderDecoder, budget: Budget, training: Training,
        generator: torch.Generator,
    ) -> "TranslationModule":  # fmt: skip
        from archsearch.train.translation_module import TranslationModule

        return TranslationModule(
            network,
            self.corpus(budget),
            budget,
            training,
            generator,
            bleu=self._bleu,
            valid_beam=self._valid_beam,
            test_beam=self._test_beam,
        )

    def sample(
        self, network: EncoderDecoder, budget: Budget, request: TranslationRequest,
        generator: torch.Generator,  # noqa: ARG002
    ) -> bytes:  # fmt: skip
        """The translation of each line; nothing is drawn."""
        beam = self._test_beam
        if request.beam_size is not None:
            beam = beam._replace(size=request.beam_size)
        corpus = self.corpus(budget)
        lines = [translate_line(network, corpus, line, beam) for line in request.lines()]
        return "".join(f"{line}\n" for line in lines).encode()


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
