"""Beam search over whatever continues hypotheses step by step.

Shapes: B sentences, K the beam's width, N = B·K hypotheses, V symbols.
"""

import math
from collections.abc import Callable
from typing import NamedTuple, Protocol, Self, TypeVar

import torch
from torch import Tensor


class Selectable(Protocol):
    """What a step function remembers of hypotheses."""

    def select(self, rows: Tensor) -> Self:
        """That of the hypotheses `rows` (N′,) int64, each of which may come several times."""


Remembered = TypeVar("Remembered", bound=Selectable)

# The last symbols (N,) and the state of N hypotheses -> ln p (N, V) of their next symbols, and the
# next state.
Step = Callable[[Tensor, Remembered], tuple[Tensor, Remembered]]


class Beam(NamedTuple):
    """How wide to search, and what counts as good."""

    size: int = 5  # 1 is greedy
    length_penalty: float = 1.0  # α: a hypothesis of L symbols has the score ln p / L^α


def beam_search(
    step: Step[Remembered], state: Remembered, num_sentences: int, beam: Beam,
    *, begin: int, end: int, max_length: int,
) -> list[list[int]]:  # fmt: skip
    """The best hypothesis found of each sentence, without `begin` and `end`.

    At every step a sentence keeps the K most probable continuations of its hypotheses. One that
    ends is finished and leaves its place to those of others; L counts its end. A sentence is done
    when K of its hypotheses are finished or no open one could become better than the best of them;
    what is open after `max_length` symbols is finished as it is. With K as large as the number of
    hypotheses nothing is lost.

    state: of one hypothesis a sentence, in the order of sentences.
    """
    search = _Search(num_sentences, beam, begin, end, max_length)
    state = state.select(torch.arange(num_sentences).repeat_interleave(beam.size))
    for _ in range(max_length):
        log_probabilities, state = step(search.last, state)
        rows = search.advance(log_probabilities.float().cpu())
        if search.done.all():
            break
        state = state.select(rows)
    return search.best


class _Search:
    """The hypotheses of all sentences; sums of ln p are −∞ where a place is empty."""

    def __init__(self, num: int, beam: Beam, begin: int, end: int, max_length: int) -> None:
        self.best: list[list[int]] = [[] for _ in range(num)]
        self.done = torch.zeros(num, dtype=torch.bool)
        self._best_score = torch.full((num,), -math.inf)
        self._num_finished = torch.zeros(num, dtype=torch.int64)
        self._beam, self._end, self._max_length = beam, end, max_length
        self._symbols = torch.full((num, beam.size, 1), begin)
        self._sums = torch.full((num, beam.size), -math.inf)
        self._sums[:, 0] = 0.0

    @property
    def last(self) -> Tensor:
        return self._symbols[:, :, -1].flatten()

    def advance(self, log_probabilities: Tensor) -> Tensor:
        """Take the best continuations; gives the rows (N,) that they continue."""
        num, size = self._sums.shape
        num_symbols = log_probabilities.shape[1]
        sums = self._sums.unsqueeze(2) + log_probabilities.view(num, size, num_symbols)
        self._sums, chosen = sums.flatten(1).topk(size, dim=1)
        parents, symbols = chosen // num_symbols, chosen % num_symbols
        kept = self._symbols.gather(1, parents.unsqueeze(2).expand(-1, -1, self._symbols.shape[2]))
        self._symbols = torch.cat((kept, symbols.unsqueeze(2)), dim=2)
        self._finish(symbols == self._end)
        return (torch.arange(num).unsqueeze(1) * size + parents).flatten()

    def _finish(self, ended: Tensor) -> None:
        length = self._symbols.shape[2] - 1
        finished = (ended | (length == self._max_length)) & self._sums.isfinite()
        finished &= ~self.done.unsqueeze(1)
        scores = torch.where(finished, self._sums / length**self._beam.length_penalty, -math.inf)
        score, place = scores.max(1)
        for sentence in (score > self._best_score).nonzero().flatten().tolist():
            symbols = self._symbols[sentence, place[sentence], 1:].tolist()
            self.best[sentence] = symbols[:-1] if symbols[-1] == self._end else symbols
        self._best_score = torch.maximum(self._best_score, score)
        self._num_finished += finished.sum(1)
        self._sums = self._sums.masked_fill(finished, -math.inf)
        self.done |= (self._num_finished >= self._beam.size) | (self._bound() <= self._best_score)

    def _bound(self) -> Tensor:
        """What no open hypothesis' score can exceed: its sum only falls."""
        return self._sums.amax(1) / float(self._max_length**self._beam.length_penalty)
