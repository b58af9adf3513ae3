"""The genome of the DSL: an expression that gives h_t; one node inside it may give c_t.

    Gate3 ─┬─ Tanh ── Add ─┬─ MM ── c_tm1        Gate3(Tanh(Add(MM(c_tm1),MM(x_t))),h_tm1,MM(x_t))|7
           ├─ h_tm1        └─ MM ── x_t
           └─ MM ── x_t                          c_t = Tanh(…)

Schrimpf et al. 2017, section 3.1 (the language). A node is a token of the DSL: an operator over its
arguments, or a source. In prefix order (a node, then its arguments from left to right) the tokens
alone tell the tree; in that order expressions are grown, and written to archives. Heights count
edges: a source has height 0.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from archsearch.cell import OPERATORS
from archsearch.space.space import GenomeError

MATRIX = "MM"  # section 3.1: Linear of one argument; all other operators have their names here too
SOURCES = ("x_t", "x_tm1", "h_tm1", "c_tm1")
MEMORY_SOURCE = "c_tm1"

# The way from the root to a node: the index of the argument to take at each level.
Path = tuple[int, ...]


def operator_tokens() -> tuple[str, ...]:
    """The operators that expressions may have."""
    return tuple(MATRIX if name == "Linear" else name for name in OPERATORS)


def cell_operator(token: str) -> str:
    """The operator of a cell that a token stands for."""
    return "Linear" if token == MATRIX else token


def arity(token: str) -> int:
    """The number of arguments of an operator; 0 for all else."""
    if token == MATRIX:
        return 1
    return OPERATORS[token].max_args if token in OPERATORS else 0


def _is_ordered(token: str) -> bool:
    """Whether the first two arguments stand in canonical order. Gate3(x, y, f) is Gate3(y, x, −f),
    and weights in f can bring about the sign."""
    return token == "Gate3" or (token in OPERATORS and OPERATORS[token].commutative)


@dataclass(frozen=True, slots=True)
class Expression:
    """A token and its arguments. In the whole tree at most one node is the one that gives c_t."""

    token: str
    args: tuple["Expression", ...] = ()
    gives_memory: bool = False
    text: str = field(init=False, repr=False, compare=False)  # without the place of c_t
    height: int = field(init=False, repr=False, compare=False)  # edges on the longest way down
    num_memory_places: int = field(init=False, repr=False, compare=False)  # here and below

    def __post_init__(self) -> None:
        text, height, places = self.token, 0, int(self.gives_memory)
        if self.args:
            text += f"({','.join([arg.text for arg in self.args])})"
            height += 1 + max([arg.height for arg in self.args])
            places += sum([arg.num_memory_places for arg in self.args])
        object.__setattr__(self, "text", text)
        object.__setattr__(self, "height", height)
        object.__setattr__(self, "num_memory_places", places)

    def nodes(self) -> list["Expression"]:
        """All subexpressions in prefix order, this one first."""
        found: list[Expression] = []
        waiting = [self]
        while waiting:
            node = waiting.pop()
            found.append(node)
            waiting.extend(node.args[::-1])
        return found

    def walk(self) -> Iterator[tuple[Path, "Expression"]]:
        """The same with their paths."""
        waiting: list[tuple[Path, Expression]] = [((), self)]
        while waiting:
            path, node = waiting.pop()
            yield path, node
            for index in reversed(range(len(node.args))):
                waiting.append(((*path, index), node.args[index]))

    @property
    def tokens(self) -> list[str]:
        """In prefix order."""
        return [node.token for node in self.nodes()]

    @property
    def num_nodes(self) -> int:
        """Operators and different sources, as in a cell: a source is one node for all its uses."""
        nodes = self.nodes()
        return sum([node.args != () for node in nodes]) + len(
            {n.token for n in nodes if not n.args}
        )

    @property
    def uses_memory(self) -> bool:
        """Whether c_tm1 is among the sources."""
        return MEMORY_SOURCE in self.text

    @property
    def memory_path(self) -> Path | None:
        """The path of the node that gives c_t, if there is one."""
        if not self.num_memory_places:
            return None
        path: list[int] = []
        node = self
        while not node.gives_memory:
            path.append([arg.num_memory_places > 0 for arg in node.args].index(True))
            node = node.args[path[-1]]
        return tuple(path)

    @property
    def memory(self) -> "Expression | None":
        """What gives c_t, if anything does."""
        path = self.memory_path
        return None if path is None else self.at(path)

    def at(self, path: Path) -> "Expression":
        """The subexpression at the end of the path."""
        node = self
        for index in path:
            node = node.args[index]
        return node

    def replaced(self, path: Path, node: "Expression") -> "Expression":
        """A copy with another subexpression at the end of the path."""
        if not path:
            return node
        args = list(self.args)
        args[path[0]] = args[path[0]].replaced(path[1:], node)
        return Expression(self.token, tuple(args), self.gives_memory)

    def with_memory(self, path: Path | None) -> "Expression":
        """The same expression with c_t from the node at the path, or from nowhere."""
        plain = self
        if (old := self.memory_path) is not None:
            plain = self.replaced(old, replace(self.at(old), gives_memory=False))
        if path is None:
            return plain
        return plain.replaced(path, replace(plain.at(path), gives_memory=True))

    @property
    def misplaced(self) -> "Expression | None":
        """A subexpression whose arguments are not in canonical order, if there is one."""
        for node in self.nodes():
            if _is_ordered(node.token) and _rank(node.args[0]) > _rank(node.args[1]):
                return node
        return None

    def ordered(self) -> "Expression":
        """In canonical order: the arguments of commutative operators, and the two values of a gate,
        sorted by their text (the paper's appendix); of two equal ones the second gives c_t."""
        if not self.args:
            return self
        args = [arg.ordered() for arg in self.args]
        if _is_ordered(self.token) and _rank(args[0]) > _rank(args[1]):
            args[:2] = args[1], args[0]
        return Expression(self.token, tuple(args), self.gives_memory)

    def __str__(self) -> str:
        """The paper's notation: after `|` the number of the node that gives c_t, counted from the
        deepest level up, from left to right inside a level."""
        if (place := self.memory_path) is None:
            return self.text
        by_level = sorted((path for path, _ in self.walk()), key=lambda path: -len(path))
        return f"{self.text}|{by_level.index(place) + 1}"


def _rank(node: Expression) -> tuple[str, int]:
    return node.text, node.num_memory_places


def from_prefix(tokens: Sequence[str], memory: int | None = None) -> Expression:
    """The expression with these tokens in prefix order; the one at index `memory` gives c_t.

    Tokens that are no operator count as sources. GenomeError where some are missing or left over.
    """
    waiting: list[Expression] = []  # those at the end are the next arguments
    for index in reversed(range(len(tokens))):
        num_args = arity(tokens[index])
        if num_args > len(waiting):
            raise GenomeError(
                f"expected {num_args} arguments after {tokens[index]} at position {index}, "
                f"got {len(waiting)}"
            )
        args = tuple([waiting.pop() for _ in range(num_args)])
        waiting.append(Expression(tokens[index], args, index == memory))
    if len(waiting) != 1:
        raise GenomeError(f"expected the tokens of one expression, got those of {len(waiting)}")
    return waiting[0]
