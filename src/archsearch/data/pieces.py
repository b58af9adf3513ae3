"""Text as pieces of words: byte pair encoding, learnt from the training text.

Sennrich, Haddow, Birch, Neural Machine Translation of Rare Words with Subword Units (2016), as in
SentencePiece (Kudo & Richardson 2018), which reads raw text and marks blanks as `▁`.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import sentencepiece
import torch
from torch import Tensor

from archsearch.data.errors import DataError
from archsearch.data.text import END_OF_SENTENCE, UNKNOWN, TokenCorpus
from archsearch.decoding import lines_of

CHARACTER_COVERAGE = 0.9995  # of the training text; rarer characters are `<unk>`


def piece_corpus(name: str, train: str, valid: str, test: str, num_pieces: int) -> TokenCorpus:
    """A corpus from three texts; `<eos>` stands after every line.

    num_pieces: different ones, `<unk>` and `<eos>` included.
        DataError where the training text is too small for them, or has more characters.
    """
    lines = [[_blank_separated(line) for line in lines_of(text)] for text in (train, valid, test)]
    processor = sentencepiece.SentencePieceProcessor(
        model_proto=_learnt(name, iter(lines[0]), num_pieces)
    )

    def stream(own: Sequence[str]) -> Tensor:
        numbers = (number for line in own for number in (*processor.encode(line), end))
        return torch.tensor([*numbers], dtype=torch.int64)

    end = processor.eos_id()
    vocabulary = tuple(processor.id_to_piece(number) for number in range(len(processor)))
    streams = stream(lines[0]), stream(lines[1]), stream(lines[2])
    return TokenCorpus(name, vocabulary, *streams, symbols=Pieces(processor))


@dataclass(frozen=True, slots=True)
class Pieces:
    """Parts of words; `<eos>` where a line ends."""

    name: ClassVar[str] = "piece of a word"

    processor: sentencepiece.SentencePieceProcessor

    def split(self, text: str) -> list[str]:
        lines = [
            self.processor.encode(_blank_separated(line), out_type=str) for line in text.split("\n")
        ]
        return [piece for line in lines for piece in (*line, END_OF_SENTENCE)][:-1]

    def join(self, symbols: Sequence[str]) -> str:
        lines: list[list[str]] = [[]]
        for symbol in symbols:
            if symbol == END_OF_SENTENCE:
                lines.append([])
            else:
                lines[-1].append(symbol)
        return "\n".join(self.processor.decode(line) for line in lines)


def _blank_separated(line: str) -> str:
    """With a blank for all white space: SentencePiece itself drops some, or keeps it in pieces."""
    return " ".join(line.split())


def _learnt(name: str, lines: Iterator[str], num_pieces: int) -> bytes:
    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=lines,
            model_writer=model,
            model_type="bpe",
            vocab_size=num_pieces,
            character_coverage=CHARACTER_COVERAGE,
            num_threads=1,
            unk_id=0,
            eos_id=1,
            bos_id=-1,
            pad_id=-1,
            unk_piece=UNKNOWN,
            eos_piece=END_OF_SENTENCE,
            minloglevel=2,
        )
    except RuntimeError as error:
        reason = str(error).splitlines()[-1]
        raise DataError(
            f"{name}: cannot learn {num_pieces} pieces from this text ({reason}); try another "
            "task.corpus.num_pieces"
        ) from None
    return model.getvalue()
