"""The arithmetic task of Exploration: sums and differences written among letters that mean nothing.

Jozefowicz, Zaremba, Sutskever, An Empirical Exploration of Recurrent Network Architectures (2015):

    3e36d9-h1h39f94eeh43keg3c=-13991064.

What counts is the result: its sign, if it is negative, its digits, and the point that ends it, for
that a number is over is a part of it. All else is read only.

What the notes leave open, as decided here: each number has 1 to 8 digits, all lengths alike, the
first not 0 unless it is the only one. Before every symbol of the exercise but the first there is
with probability 1/2 a run of 1 to 3 letters from a to k, which are those of the example.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from archsearch.data.text import TokenCorpus, generated

MAX_DIGITS = 8
LETTERS = "abcdefghijk"
RUN_PROBABILITY = 0.5
MAX_RUN = 3
END = "."
VOCABULARY = tuple("0123456789+-=" + END + LETTERS)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Makes the corpus: `Arithmetic()()`.

    train_exercises, valid_exercises, test_exercises: their numbers; one has about 30 symbols, of
        which seven count.
    seed: which text.
    """

    train_exercises: int = 20_000
    valid_exercises: int = 1_000
    test_exercises: int = 1_000
    seed: int = 0

    def __call__(self) -> TokenCorpus:
        sizes = {
            "train": self.train_exercises,
            "valid": self.valid_exercises,
            "test": self.test_exercises,
        }
        return generated(
            "arithmetic", VOCABULARY, self.seed, sizes, _exercises,
            unit="exercises", all_scored=False,
        )  # fmt: skip


def _exercises(num_exercises: int, rng: random.Random) -> Tensor:
    number = {symbol: index for index, symbol in enumerate(VOCABULARY)}
    tokens: list[int] = []
    for _ in range(num_exercises):
        exercise, result = draw_exercise(rng)
        tokens += [~number[symbol] for symbol in exercise]
        tokens += [number[symbol] for symbol in result + END]
    return torch.tensor(tokens)


def draw_exercise(rng: random.Random) -> tuple[str, str]:
    """An exercise, `=` included, and its result."""
    first, second, sign = _number(rng), _number(rng), rng.choice("+-")
    result = first + second if sign == "+" else first - second
    return "".join(_among_letters(f"{first}{sign}{second}=", rng)), str(result)


def _number(rng: random.Random) -> int:
    num_digits = rng.randint(1, MAX_DIGITS)
    return rng.randrange(0 if num_digits == 1 else 10 ** (num_digits - 1), 10**num_digits)


def _among_letters(exercise: str, rng: random.Random) -> Iterator[str]:
    for place, symbol in enumerate(exercise):
        if place and rng.random() < RUN_PROBABILITY:
            yield from rng.choices(LETTERS, k=rng.randint(1, MAX_RUN))
        yield symbol
