"""Scalar expressions: what a region computes for one element, as a graph of interned nodes.

The operators of the cell language are written over an arithmetic (cell/operators.py); this is the
arithmetic of symbols. Equal expressions are one node, so common subexpressions merge as they are
built, those that forward values and gradients share among them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Union

from archsearch.cell.operators import Arithmetic
from archsearch.compiler.keys import POSITION

Operand = Union["Scalar", float]


@dataclass(frozen=True, slots=True)
class Node:
    """op over earlier nodes. "load" has the key of what is read, "constant" its value."""

    op: str
    args: tuple[int, ...] = ()
    key: str = ""
    constant: float = 0.0


@dataclass
class Graph:
    """nodes: each after its arguments. names: what a node is called in the text that is made of it
    and the equation that it stands for, where it stands for one."""

    nodes: list[Node] = field(default_factory=list)
    names: dict[int, tuple[str, str]] = field(default_factory=dict)
    _index: dict[Node, int] = field(default_factory=dict)

    def load(self, key: str) -> "Scalar":
        """The element of the value of that key."""
        return self._intern(Node("load", key=key))

    def constant(self, value: float) -> "Scalar":
        return self._intern(Node("constant", constant=value))

    def apply(self, op: str, *operands: Operand) -> "Scalar":
        """The node of op over the operands, after the identities that hold for NaN and inf too."""
        args = [a if isinstance(a, Scalar) else self.constant(a) for a in operands]
        if op == "mul" and self._is(args[1], 1.0):
            return args[0]
        if op == "mul" and self._is(args[0], 1.0):
            return args[1]
        if op == "neg" and self.nodes[args[0].index].op == "neg":
            return Scalar(self, self.nodes[args[0].index].args[0])
        return self._intern(Node(op, tuple(a.index for a in args)))

    def total(self, terms: Sequence["Scalar"]) -> "Scalar":
        result = terms[0]
        for term in terms[1:]:
            result = result + term
        return result

    def needed(self, scalars: Sequence["Scalar"]) -> list[int]:
        """The nodes that these depend on, themselves among them, in order."""
        needed: set[int] = set()
        waiting = [scalar.index for scalar in scalars]
        while waiting:
            i = waiting.pop()
            if i not in needed:
                needed.add(i)
                waiting += self.nodes[i].args
        return sorted(needed)

    def loads(self, scalar: "Scalar") -> set[str]:
        """The keys that a node depends on."""
        return {self.nodes[i].key for i in self.needed([scalar]) if self.nodes[i].op == "load"}

    def name(self, scalar: "Scalar", name: str, equation: str) -> None:
        """Name a node, unless it has a name already or is no more than a load or a constant."""
        if self.nodes[scalar.index].op not in ("load", "constant"):
            self.names.setdefault(scalar.index, (name, equation))

    def _intern(self, node: Node) -> "Scalar":
        if node not in self._index:
            self._index[node] = len(self.nodes)
            self.nodes.append(node)
        return Scalar(self, self._index[node])

    def _is(self, scalar: "Scalar", value: float) -> bool:
        node = self.nodes[scalar.index]
        return node.op == "constant" and node.constant == value


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """A node of a graph, with the arithmetic of a number."""

    graph: Graph
    index: int

    def __add__(self, other: Operand) -> "Scalar":
        return self.graph.apply("add", self, other)

    def __radd__(self, other: float) -> "Scalar":
        return self.graph.apply("add", other, self)

    def __sub__(self, other: Operand) -> "Scalar":
        return self.graph.apply("sub", self, other)

    def __rsub__(self, other: float) -> "Scalar":
        return self.graph.apply("sub", other, self)

    def __mul__(self, other: Operand) -> "Scalar":
        return self.graph.apply("mul", self, other)

    def __rmul__(self, other: float) -> "Scalar":
        return self.graph.apply("mul", other, self)

    def __truediv__(self, other: Operand) -> "Scalar":
        return self.graph.apply("div", self, other)

    def __neg__(self) -> "Scalar":
        return self.graph.apply("neg", self)


@dataclass(frozen=True)
class SymbolicArithmetic(Arithmetic):
    """The operators' arithmetic over scalars of one graph."""

    graph: Graph

    def function(self, name: str, a: Scalar) -> Scalar:
        return self.graph.apply(name, a)

    def where_positive(self, condition: Scalar, then: Operand, otherwise: Operand) -> Scalar:
        return self.graph.apply("select", condition, then, otherwise)

    def mean(self, a: Scalar) -> Scalar:
        """Over the H features: the only node whose value is one for all elements of a row."""
        return self.graph.apply("mean", a)

    def position(self, a: Scalar) -> Scalar:
        return a.graph.load(POSITION)
