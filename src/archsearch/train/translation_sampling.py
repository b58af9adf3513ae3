"""New translations from a trained network."""

import sys
from dataclasses import dataclass

from torch import Tensor

from archsearch.data import ParallelCorpus
from archsearch.data.parallel import BEGIN, END, PAD, UNK
from archsearch.data.text_files import read_text_file, text_of
from archsearch.decoding import lines_of
from archsearch.nn.beam_search import Beam
from archsearch.nn.encoder_decoder import EncoderDecoder
from archsearch.train.task import check_least

NEVER_SAID = (PAD, UNK, BEGIN)


def max_length(source: Tensor) -> int:
    """Of the translations of source (S, B), in symbols."""
    return 2 * len(source) + 10


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
    (numbers,) = network.translate(
        source, beam, begin=BEGIN, end=END, never=NEVER_SAID, max_length=max_length(source)
    )
    return corpus.target.decode(numbers)
