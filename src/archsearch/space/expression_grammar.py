"""What expressions are made of: what the space of the DSL and its edits both know."""

import random
from abc import abstractmethod

from archsearch.space.expression import Expression
from archsearch.space.space import StagedSpace


class ExpressionGrammar(StagedSpace[Expression]):
    """The operators and sources of an expression, and how one grows."""

    operators: tuple[str, ...]
    sources: tuple[str, ...]

    @abstractmethod
    def grow(
        self,
        rng: random.Random,
        parent: str | None = None,
        argument: int = 0,
        depth: int = 0,
        room: int | None = None,
        *,
        memory: bool = True,
    ) -> list[str]:
        """Tokens in prefix order, drawn from h_t on, or from an open place: this argument of
        `parent`, at this depth, with room for so many operators; with c_tm1 or without."""

    @abstractmethod
    def arranged(self, genome: Expression) -> Expression:
        """In canonical order, if that rule is in force."""
