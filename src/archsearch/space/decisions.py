"""Spaces whose genome is the list of decisions that a controller makes one by one.

Zoph & Le, Neural Architecture Search with Reinforcement Learning (2016), section 3.1: an
architecture is a string of tokens of variable length. Such a space says which decision comes next,
given those before it. Drawing, mutation, checks, JSON and the controller all follow this one
description.
"""

import random
import reprlib
from abc import abstractmethod
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from archsearch.space.space import CellSpace, GenomeError, Rejection

Option: TypeAlias = str | int | float
Decision: TypeAlias = Option | tuple[int, ...]
Decisions: TypeAlias = tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several options.

    `kind` says what is decided, such as "activation", and `place` of which node or layer. Together
    they are unique within a genome.
    """

    kind: str
    place: int
    options: tuple[Option, ...]

    @property
    def is_open(self) -> bool:
        """Whether there is more than one answer."""
        return len(self.options) > 1

    def accepts(self, decision: Any) -> bool:
        return any(type(decision) is type(option) and decision == option for option in self.options)

    def draw(self, rng: random.Random) -> Decision:
        return rng.choice(self.options)

    def vary(self, decision: Decision, rng: random.Random) -> Decision:
        """Another answer; the question must be open."""
        return rng.choice([option for option in self.options if option != decision])

    def __str__(self) -> str:
        return f"one of {', '.join(map(str, self.options))} as {self.kind} {self.place}"


@dataclass(frozen=True, slots=True)
class Subset:
    """Any of the places 0, 1, … before this one: rising, perhaps none."""

    kind: str
    place: int

    @property
    def is_open(self) -> bool:
        return self.place > 0

    def accepts(self, decision: Any) -> bool:
        return (
            isinstance(decision, tuple)
            and all(type(index) is int and 0 <= index < self.place for index in decision)
            and list(decision) == sorted(set(decision))
        )

    def draw(self, rng: random.Random) -> Decision:
        return tuple(index for index in range(self.place) if rng.random() < 0.5)

    def vary(self, decision: Decision, rng: random.Random) -> Decision:
        """One place more or one less."""
        assert isinstance(decision, tuple)
        return tuple(sorted({*decision} ^ {rng.randrange(self.place)}))

    def __str__(self) -> str:
        return f"rising numbers below {self.place} as {self.kind} {self.place}"


@dataclass(frozen=True, slots=True)
class Size:
    """How much is still to be decided: low ≤ size ≤ high. Comes first.

    It is not for a controller to predict: a schedule sets it (section 3.1).
    """

    kind: str
    low: int
    high: int
    place: int = 0

    @property
    def is_open(self) -> bool:
        return self.low < self.high

    def accepts(self, decision: Any) -> bool:
        return type(decision) is int and self.low <= decision <= self.high

    def draw(self, rng: random.Random) -> Decision:
        return rng.randint(self.low, self.high)

    def vary(self, decision: Decision, rng: random.Random) -> Decision:
        """One more or one less."""
        assert isinstance(decision, int)
        return rng.choice([size for size in (decision - 1, decision + 1) if self.accepts(size)])

    def __str__(self) -> str:
        return f"{self.low} to {self.high} as {self.kind}"


Question: TypeAlias = Choice | Subset | Size

# What a space asks for, in order; each decision is sent back before the next question.
Questions: TypeAlias = Generator[Question, Any, None]


class DecisionSpace(CellSpace[Decisions]):
    """A space of decision lists; every list that answers its questions is a genome."""

    @abstractmethod
    def questions(self) -> Questions:
        """The questions of one genome, at least one."""

    @property
    @abstractmethod
    def vocabulary(self) -> Mapping[tuple[str, int], int]:
        """The number of options of each Choice and Subset that may be asked, by kind and place."""

    def decide(self, answer: Callable[[Question], Decision]) -> Decisions:
        """The decisions that `answer` makes when asked every question in turn."""
        questions = self.questions()
        question = next(questions)
        decisions = []
        while True:
            decisions.append(answer(question))
            try:
                question = questions.send(decisions[-1])
            except StopIteration:
                return tuple(decisions)

    def steps(self, genome: Decisions) -> list[tuple[Question, Decision]]:
        """Each question that the genome answers, with its decision; GenomeError if one is wrong."""
        steps: list[tuple[Question, Decision]] = []

        def answer(question: Question) -> Decision:
            if len(steps) == len(genome):
                raise GenomeError(f"expected {question}, got no more than {len(genome)} decisions")
            decision = genome[len(steps)]
            if not question.accepts(decision):
                raise GenomeError(f"expected {question}, got {reprlib.repr(decision)}")
            steps.append((question, decision))
            return decision

        self.decide(answer)
        if len(genome) > len(steps):
            raise GenomeError(f"expected {len(steps)} decisions, got {len(genome)}")
        return steps

    def answers(self, genome: Decisions) -> dict[tuple[str, int], Any]:
        """The decisions by kind and place."""
        return {(question.kind, question.place): d for question, d in self.steps(genome)}

    def sample(self, rng: random.Random) -> Decisions:
        """Every decision is drawn uniformly."""
        return self.decide(lambda question: question.draw(rng))

    def mutate(self, genome: Decisions, rng: random.Random) -> Decisions:
        """One decision changes. Others stay where they still answer a question; where new ones are
        asked they are drawn."""
        open_steps = [step for step in self.steps(genome) if step[0].is_open]
        if not open_steps:
            return genome
        changed, decision = rng.choice(open_steps)
        answers = self.answers(genome)
        answers[changed.kind, changed.place] = changed.vary(decision, rng)

        def answer(question: Question) -> Decision:
            kept: Any = answers.get((question.kind, question.place))
            return kept if question.accepts(kept) else question.draw(rng)

        return self.decide(answer)

    def check(self, genome: Decisions) -> Rejection | None:
        try:
            self.steps(genome)
        except GenomeError as error:
            return Rejection("decisions", str(error))
        return None

    def to_json(self, genome: Decisions) -> Any:
        """The decisions as a list; subsets are lists in it."""
        return [list(d) if isinstance(d, tuple) else d for d in genome]

    def from_json(self, data: Any) -> Decisions:
        if not isinstance(data, list):
            raise GenomeError(f"expected a list of decisions, got {reprlib.repr(data)}")
        genome = tuple(tuple(d) if isinstance(d, list) else d for d in data)
        self.steps(genome)
        return genome
