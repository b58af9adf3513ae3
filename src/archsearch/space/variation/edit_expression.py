"""Small random edits of an expression of the DSL. Each gives a genome of the space, or None."""

import random
from collections.abc import Callable

from archsearch.space.expression import Expression, Path, arity, from_prefix
from archsearch.space.expression_grammar import ExpressionGrammar
from archsearch.space.space import MAX_DRAWS, first_valid

# What `regrow` takes out has at most so many nodes, what it puts in so many operators.
REGROWN_NODES = 6
REGROWN_OPERATORS = 4


def exchange(genome: Expression, space: ExpressionGrammar, rng: random.Random) -> Expression | None:
    """Another operator over the same arguments, or another source."""

    def change(node: Expression) -> Expression:
        same_arity = [
            token
            for token in (space.operators if node.args else space.sources)
            if arity(token) == len(node.args)
        ]
        return Expression(rng.choice(same_arity), node.args, node.gives_memory)

    return _edited(genome, space, rng, lambda path: change(genome.at(path)))


def insert(genome: Expression, space: ExpressionGrammar, rng: random.Random) -> Expression | None:
    """An operator over a node; its other arguments are new sources."""

    def change(node: Expression) -> Expression:
        operator = rng.choice(space.operators)
        args = [Expression(rng.choice(space.sources)) for _ in range(arity(operator))]
        args[rng.randrange(len(args))] = node
        return Expression(operator, tuple(args))

    return _edited(genome, space, rng, lambda path: change(genome.at(path)))


def delete(genome: Expression, space: ExpressionGrammar, rng: random.Random) -> Expression | None:
    """One of an operator's arguments in its place."""

    def change(node: Expression) -> Expression:
        return rng.choice(node.args) if node.args else node

    return _edited(genome, space, rng, lambda path: change(genome.at(path)))


def regrow(genome: Expression, space: ExpressionGrammar, rng: random.Random) -> Expression | None:
    """A small part exchanged for another one, grown as `sample` grows."""

    def change(path: Path) -> Expression:
        node = genome.at(path)
        if not path or node.num_nodes > REGROWN_NODES:
            return node
        parent = genome.at(path[:-1]).token
        return from_prefix(space.grow(rng, parent, path[-1], len(path), REGROWN_OPERATORS))

    return _edited(genome, space, rng, change)


def move_memory(
    genome: Expression, space: ExpressionGrammar, rng: random.Random
) -> Expression | None:
    """c_t from another node."""
    others = [other for other in space.memory_places(genome) if other != genome]
    return rng.choice(others) if others else None


EDITS: tuple[Callable[[Expression, ExpressionGrammar, random.Random], Expression | None], ...] = (
    exchange,
    insert,
    delete,
    regrow,
    move_memory,
)


def _edited(
    genome: Expression,
    space: ExpressionGrammar,
    rng: random.Random,
    change: Callable[[Path], Expression],
) -> Expression | None:
    """The genome with a drawn node changed. c_t stays where it is if it can."""
    paths = [path for path, _ in genome.walk()]

    def draw() -> Expression:
        path = rng.choice(paths)
        edited = genome.replaced(path, change(path))
        kept = space.arranged(edited)
        if space.check(kept) is None:
            return kept
        places = space.memory_places(edited)
        return rng.choice(places) if places else genome

    return first_valid((draw() for _ in range(MAX_DRAWS)), space, genome)
