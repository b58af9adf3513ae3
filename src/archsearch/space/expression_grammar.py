"""What expressions are made of and how they grow: what the DSL's space and its edits both know."""

import random
from abc import abstractmethod
from collections.abc import Sequence

from archsearch.cell import MAX_HEIGHT, MAX_NODES
from archsearch.space.expression import (
    MEMORY_SOURCE,
    SOURCES,
    Expression,
    arity,
    operator_tokens,
)
from archsearch.space.parameters import different, require
from archsearch.space.space import CellSpace


class ExpressionGrammar(CellSpace[Expression]):
    """Which tokens may stand where in an expression that grows; see `DSLSpace`."""

    def __init__(
        self,
        operators: Sequence[str],
        sources: Sequence[str],
        max_nodes: int,
        max_height: int,
        rules: tuple[str, ...],
    ) -> None:
        self.operators = different("operators", operators, operator_tokens())
        self.sources = different("sources", sources, SOURCES)
        self.rules = rules
        if not {"x_t", "h_tm1"} <= set(sources) or not operators:
            raise ValueError(
                f"sources, operators: expected x_t and h_tm1, and one operator at least, got "
                f"{list(sources)} and {list(operators)}"
            )
        require("max_nodes", max_nodes, len(SOURCES) + 1, MAX_NODES, integer=True)
        require("max_height", max_height, 1, MAX_HEIGHT, integer=True)
        self.max_nodes = max_nodes if "nodes" in rules else MAX_NODES
        self.max_height = max_height if "height" in rules else MAX_HEIGHT
        self.max_operators = self.max_nodes - len(sources)  # that growing places: for any sources
        self._allowed: dict[tuple[str | None, bool, bool, bool], tuple[str, ...]] = {}

    def allowed(
        self, parent: str | None, argument: int, depth: int, room: int, *, memory: bool = True
    ) -> tuple[str, ...]:
        """The tokens that may stand at an open place of an unfinished expression.

        parent: the operator of which this is the argument with that index; None for h_t itself.
        depth: edges from h_t.
        room: how many operators may still be placed: `max_operators` less those that are.
        memory: whether c_tm1 is among the sources.
        """
        gate = parent == "Gate3" and argument == 2
        closed = room < 1 or depth >= self.max_height
        key = (parent, gate, closed, memory)
        if key not in self._allowed:
            barred = {parent} if "stacking" in self.rules else set()
            if gate and "gate" in self.rules:
                barred.add("Sigmoid")
            if not memory:
                barred.add(MEMORY_SOURCE)
            operators = self.operators if not closed else ()
            sources = self.sources if parent is not None else ()
            tokens = (*operators, *sources)
            self._allowed[key] = tuple(token for token in tokens if token not in barred)
        return self._allowed[key]

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
        tokens: list[str] = []
        room = self.max_operators if room is None else room
        places = [(parent, argument, depth)]
        while places:
            parent, argument, depth = places.pop()
            token = rng.choice(self.allowed(parent, argument, depth, room, memory=memory))
            tokens.append(token)
            if num_args := arity(token):
                room -= 1
                for index in reversed(range(num_args)):
                    places.append((token, index, depth + 1))
        return tokens

    @abstractmethod
    def memory_places(self, genome: Expression) -> Sequence[Expression]:
        """All expressions of the space that differ from this one at most in where c_t comes from;
        for a valid one without c_tm1, itself. The given one need not be valid."""

    def arranged(self, genome: Expression) -> Expression:
        """In canonical order, if that rule is in force."""
        return genome.ordered() if "canonical order" in self.rules else genome
