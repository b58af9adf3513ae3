"""Beam search against a search through everything."""

import itertools
import math
from typing import NamedTuple

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from archsearch.nn import beam_search
from archsearch.nn.beam_search import Beam

BEGIN, END = 0, 1
NUM_SYMBOLS, MAX_LENGTH = 4, 4


class History(NamedTuple):
    """A toy's state: the sentence of each hypothesis, and all of its symbols so far."""

    sentences: Tensor  # (N,)
    symbols: Tensor  # (N, t)

    def select(self, rows: Tensor) -> "History":
        return History(self.sentences[rows], self.symbols[rows])


class Toy:
    """Draws ln p of the next symbols for every sentence and history, whatever the order."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def next(self, sentence: int, history: tuple[int, ...]) -> Tensor:
        key = sum(symbol * 7**i for i, symbol in enumerate((self._seed, sentence, *history)))
        logits = 2 * torch.randn(NUM_SYMBOLS, generator=torch.Generator().manual_seed(key))
        logits[BEGIN] = -math.inf
        return logits.double().log_softmax(0)

    def step(self, symbols: Tensor, state: History) -> tuple[Tensor, History]:
        state = History(state.sentences, torch.cat((state.symbols, symbols.unsqueeze(1)), 1))
        rows = zip(state.sentences.tolist(), state.symbols.tolist(), strict=True)
        return torch.stack([self.next(i, tuple(history)) for i, history in rows]), state

    def score(self, sentence: int, symbols: tuple[int, ...], length_penalty: float) -> float:
        """Of symbols that end, or are as long as can be."""
        total = sum(
            float(self.next(sentence, (BEGIN, *symbols[:i]))[symbol])
            for i, symbol in enumerate(symbols)
        )
        return total / len(symbols) ** length_penalty


def search(toy: Toy, num_sentences: int, beam: Beam) -> list[list[int]]:
    start = History(torch.arange(num_sentences), torch.zeros(num_sentences, 0, dtype=torch.int64))
    return beam_search(
        toy.step, start, num_sentences, beam, begin=BEGIN, end=END, max_length=MAX_LENGTH
    )


def every_hypothesis() -> list[tuple[int, ...]]:
    words = [symbol for symbol in range(NUM_SYMBOLS) if symbol not in (BEGIN, END)]
    ended = [(*said, END) for n in range(MAX_LENGTH) for said in itertools.product(words, repeat=n)]
    return [*ended, *itertools.product(words, repeat=MAX_LENGTH)]


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 1000), st.sampled_from([0.0, 0.6, 1.0, 2.0]))
def test_a_wide_beam_finds_the_best_of_all(seed, length_penalty):
    toy, hypotheses = Toy(seed), every_hypothesis()
    found = search(toy, 3, Beam(len(hypotheses), length_penalty))
    for sentence in range(3):
        best = max(hypotheses, key=lambda said: toy.score(sentence, said, length_penalty))
        assert found[sentence] == [symbol for symbol in best if symbol != END]


@pytest.mark.parametrize("seed", range(5))
def test_a_beam_of_one_is_greedy(seed):
    toy, expected = Toy(seed), []
    for sentence in range(4):
        said = [BEGIN]
        while len(said) <= MAX_LENGTH and said[-1] != END:
            said.append(int(toy.next(sentence, tuple(said)).argmax()))
        expected.append([symbol for symbol in said[1:] if symbol != END])
    assert search(toy, 4, Beam(1)) == expected


@pytest.mark.parametrize("size", [1, 2, 3])
def test_sentences_do_not_disturb_each_other(size):
    toy = Toy(3)
    together = search(toy, 5, Beam(size))
    for sentence in range(5):
        alone = beam_search(
            toy.step, History(torch.tensor([sentence]), torch.zeros(1, 0, dtype=torch.int64)), 1,
            Beam(size), begin=BEGIN, end=END, max_length=MAX_LENGTH,
        )  # fmt: skip
        assert together[sentence] == alone[0]
