"""What a run measures, and the sizes that all of the benchmark shares.

Shapes: T time steps, B batch, H hidden features (and as many of the input), V vocabulary.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

PARTS = ("layers", "step", "compile")
PRECISIONS = ("float32", "bfloat16")


class Shape(NamedTuple):
    """Of a layer's input, (T, B, H)."""

    num_steps: int
    batch: int
    width: int

    def __str__(self) -> str:
        return f"{self.num_steps}x{self.batch}x{self.width}"


@dataclass(frozen=True, slots=True)
class LanguageSize:
    """Of a language model and of one training step of it."""

    vocabulary: int
    num_layers: int
    shape: Shape

    def __str__(self) -> str:
        return f"{self.shape} {self.num_layers} layers V={self.vocabulary}"


@dataclass(frozen=True, slots=True)
class Settings:
    """cells: names of the zoo, and `random:n` for n cells of every cell space.

    languages: the training steps to measure.
    rounds, seconds: of every row of layers and steps, at least.
    """

    parts: tuple[str, ...]
    cells: tuple[str, ...]
    shapes: tuple[Shape, ...]
    threads: tuple[int, ...]
    precisions: tuple[str, ...]
    languages: tuple[LanguageSize, ...]
    rounds: int
    seconds: float
    seed: int


# 12 minutes on two cores with 5 rounds.
FULL = Settings(
    parts=PARTS,
    cells=("lstm", "gru", "nascell", "bc3", "mut1", "random:10"),
    shapes=(Shape(35, 20, 200), Shape(35, 20, 650), Shape(70, 64, 400)),
    threads=(1, 2),
    precisions=("float32",),
    languages=tuple(LanguageSize(10_000, 2, Shape(t, 20, 200)) for t in (20, 35)),
    rounds=7,
    seconds=3.0,
    seed=1,
)
# Seconds in all, for a look at whether everything works.
QUICK = replace(
    FULL,
    cells=("lstm", "random:1"),
    shapes=(Shape(5, 2, 16),),
    threads=(1,),
    languages=(LanguageSize(50, 2, Shape(5, 2, 16)),),
    rounds=3,
    seconds=0.0,
)
