"""Text to cell: `name = expression; …`, or a single expression with an optional `|k`.

    statements  = statement (";" statement)* [";"]   |   expression ["|" number]
    statement   = name "=" expression
    expression  = name | operator "(" expression ("," expression)* ["," "bias" "=" number] ")"

Statements may stand in any order, as equations do; a cycle must go through a previous value.
Blanks, newlines and comments (# to the end of the line) may stand between any two words.
"""

from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import NoReturn

from archsearch.cell.cell import Cell
from archsearch.cell.errors import CellError, did_you_mean, shown
from archsearch.cell.labels import ALIASES
from archsearch.cell.limits import MAX_BIAS, MAX_TEXT_LENGTH
from archsearch.cell.node import FIXED_SOURCES, PREVIOUS, Node
from archsearch.cell.operators import OPERATORS
from archsearch.cell.scanner import END, Token, error_at, line_and_column, scan
from archsearch.cell.validation import arity_problem

_NEXT = "_t"


def parse(text: str) -> Cell:
    """The cell that the text describes.

    Raises CellError, with line, column and what was expected, if it describes none.
    """
    if not isinstance(text, str):
        raise CellError(
            f"expected the text of a cell, such as 'h_t = Tanh(Linear(x_t, h_tm1))', "
            f"got {shown(text)} of type {type(text).__name__}"
        )
    if len(text) > MAX_TEXT_LENGTH:
        raise CellError(f"the text has {len(text)} characters; expected at most {MAX_TEXT_LENGTH}")
    return _Parser(text).cell()


@dataclass(frozen=True, slots=True)
class _Statement:
    """`target = …` with its expression in tokens start to end."""

    target: Token
    start: int
    end: int


@dataclass(slots=True)
class _Call:
    """An operator whose arguments are being read."""

    token: Token
    occurrence: int
    args: list[int] = field(default_factory=list)
    bias: float = 0.0


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = scan(text)
        self.position = 0
        self.nodes: list[Node] = []
        self.labels: list[str | None] = []
        self.sources: dict[str, int] = {}
        self.names: dict[str, int] = {}
        self.definitions: dict[str, Token] = {}  # every name, where it was defined
        self.reads: dict[str, Token] = {}  # every memory source, where it was first read
        # Of the expression being read, each node of its tree in written order: depth, node.
        self.occurrences: list[tuple[int, int]] = []

    # Words

    @property
    def _token(self) -> Token:
        return self.tokens[self.position]

    @property
    def _following(self) -> Token:
        return self.tokens[min(self.position + 1, len(self.tokens) - 1)]

    def _take(self, kind: str, expected: str) -> Token:
        token = self._token
        if token.kind != kind:
            self._fail(token, f"expected {expected}, got {token}")
        if kind != "end":
            self.position += 1
        return token

    # Statements

    def cell(self) -> Cell:
        if self._token.kind == "end":
            self._fail(
                self._token,
                "the text is empty; expected statements such as h_t = Tanh(Linear(x_t, h_tm1))",
            )
        if self._token.kind == "name" and self._following.kind == "=":
            outputs = self._statements()
        else:
            outputs = self._single_expression()
        self._check_memories(outputs)
        return Cell.build(self.nodes, outputs, self.labels)

    def _statements(self) -> list[tuple[str, int]]:
        outputs: list[tuple[str, int]] = []
        statements = self._split()
        if "h_t" not in self.definitions:
            self._fail(self._token, "h_t is missing; expected a statement h_t = … for the output")
        for statement in self._in_order_of_use(statements):
            self.position = statement.start
            node = self._expression()
            if self._token.kind != "end":
                self._take(";", "; between statements")
            name = statement.target.text
            self.names[name] = node
            if name.endswith(_NEXT):
                outputs.append((name.removesuffix(_NEXT), node))
            elif self.labels[node] is None:
                self.labels[node] = name
        return outputs

    def _split(self) -> list[_Statement]:
        """The statements in written order, their expressions still unread."""
        statements: list[_Statement] = []
        while self._token.kind != "end":
            target = self._take("name", "a name to define, as in name = expression")
            self._take("=", f"= after {shown(target.text)}")
            self._check_target(target)
            self.definitions[target.text] = target
            start = self.position
            while self._token.kind not in (";", "end"):
                self.position += 1
            statements.append(_Statement(target, start, self.position))
            if self._token.kind == ";":
                self.position += 1
        return statements

    def _in_order_of_use(self, statements: list[_Statement]) -> list[_Statement]:
        """Each statement after those whose names it uses; otherwise as written."""
        by_name = {statement.target.text: statement for statement in statements}
        uses = {name: self._uses(statement) for name, statement in by_name.items()}
        sorter = TopologicalSorter(dict.fromkeys(uses, ()))  # else as written
        for name, used in uses.items():
            sorter.add(name, *used)
        try:
            return [by_name[name] for name in sorter.static_order()]
        except CycleError as error:
            self._fail_on_cycle(error.args[1][::-1], uses)

    def _uses(self, statement: _Statement) -> dict[str, Token]:
        """The defined names that a statement uses, and where it first does."""
        found: dict[str, Token] = {}
        for position in range(statement.start, statement.end):
            token, sign = self.tokens[position], self.tokens[position + 1]
            if token.kind == "name" and token.text in self.definitions and sign.kind != "=":
                found.setdefault(token.text, token)
        return found

    def _fail_on_cycle(self, cycle: list[str], uses: dict[str, dict[str, Token]]) -> NoReturn:
        """cycle: each name needs the next one; the last is the first."""
        steps = " needs ".join(cycle[:6]) + (" …" if len(cycle) > 6 else "")
        self._fail(
            uses[cycle[-2]][cycle[-1]],
            f"a cycle inside one step: {steps}; let it go through a previous value, such as "
            "h_tm1 or c_tm1",
        )

    def _check_target(self, target: Token) -> None:
        name = target.text
        if name == "x_t" or name.endswith(PREVIOUS):
            self._fail(
                target,
                f"{shown(name)} is a source and cannot be defined; define h_t, a "
                "memory such as c_t, or a name of your own",
            )
        if name in OPERATORS or name in ALIASES:
            self._fail(target, f"{name} is an operator and cannot be defined; choose another name")
        if name == _NEXT:
            self._fail(target, "expected a memory's name before _t, as in c_t")
        if name in self.definitions:
            line, _ = line_and_column(self.text, self.definitions[name].start)
            self._fail(
                target,
                f"{shown(name)} is already defined in line {line}; each name is defined once",
            )

    def _single_expression(self) -> list[tuple[str, int]]:
        root = self._expression()
        outputs = [("h", root)]
        if self._token.kind == "|":
            self.position += 1
            outputs.append(("c", self._inner_node()))
        if self._token.kind == "=":
            self._fail(self._token, "expected name = expression, with a single name before =")
        if self._token.kind != "end":
            self._fail(
                self._token,
                f"expected | or {END}, got {self._token}; "
                "several statements are written name = expression; …",
            )
        return outputs

    def _inner_node(self) -> int:
        """The node that `|k` names: counted from the deepest level up, left to right inside."""
        token = self._take("number", "the number of the node that gives c_t")
        count = len(self.occurrences)
        digits = token.text.lstrip("0")
        if not digits.isdecimal() or len(digits) > 9 or int(digits) > count:
            self._fail(token, f"expected the number of a node, 1 to {count} (h_t), got {token}")
        by_level = sorted(self.occurrences, key=lambda occurrence: -occurrence[0])
        return by_level[int(digits) - 1][1]

    def _check_memories(self, outputs: list[tuple[str, int]]) -> None:
        defined = {name for name, _ in outputs}
        for source, token in self.reads.items():
            state = source.removesuffix(PREVIOUS)
            if state not in defined:
                known = [name + PREVIOUS for name in sorted(defined)]
                problem = (
                    f"{shown(source)} is read, but no statement {shown(state)}_t = … gives "
                    f"its next value; {did_you_mean(source, known)}"
                )
                if source == "c_tm1" and not self.definitions:
                    problem += " Or append |k to take c_t from the k-th node"
                self._fail(token, problem)

    # Expressions

    def _expression(self) -> int:
        """Read one expression; a stack of open calls, so that no depth can overflow Python's."""
        self.occurrences = []
        calls: list[_Call] = []
        while True:
            token = self._take("name", "an operator, a source or a name")
            occurrence = len(self.occurrences)
            self.occurrences.append((len(calls), -1))
            if self._token.kind == "(":
                self.position += 1
                calls.append(_Call(self._operator(token), occurrence))
                if self._token.kind != ")":
                    continue
            else:
                node = self._named(token)
                self.occurrences[occurrence] = (len(calls), node)
                if not calls:
                    return node
                calls[-1].args.append(node)
            # An operand is complete: close the calls that end here.
            while self._closes(calls[-1]):
                call = calls.pop()
                node = self._add(self._call_node(call))
                self.occurrences[call.occurrence] = (len(calls), node)
                if not calls:
                    return node
                calls[-1].args.append(node)

    def _closes(self, call: _Call) -> bool:
        """Read what follows an operand: "," and more to come, or the call's end."""
        if self._token.kind == ",":
            self.position += 1
            if not (self._token.text == "bias" and self._following.kind == "="):
                return False
            call.bias = self._bias(call)
        self._take(")", f", or ) in the arguments of {call.token}")
        return True

    def _bias(self, call: _Call) -> float:
        keyword = self._take("name", "bias")
        if ALIASES.get(call.token.text, call.token.text) != "Linear":
            self._fail(keyword, f"only Linear has a bias, not {call.token}")
        self.position += 1  # =
        token = self._take("number", "a number, as in bias=1")
        value = float(token.text)
        if not abs(value) <= MAX_BIAS:
            self._fail(
                token, f"expected a bias between −{MAX_BIAS:g} and {MAX_BIAS:g}, got {token}"
            )
        return value

    def _operator(self, token: Token) -> Token:
        if token.text not in OPERATORS and token.text not in ALIASES:
            self._fail(token, f"unknown operator {token}; {did_you_mean(token.text, OPERATORS)}")
        return token

    def _call_node(self, call: _Call) -> Node:
        op = ALIASES.get(call.token.text, call.token.text)
        problem = arity_problem(op, len(call.args))
        if call.token.text == "MM" and len(call.args) != 1:
            problem = f"MM takes 1 argument, got {len(call.args)}; Linear takes more"
        if problem:
            self._fail(call.token, problem)
        return Node(op, tuple(call.args), call.bias)

    def _named(self, token: Token) -> int:
        name = token.text
        if name in self.names:
            return self.names[name]
        if name in FIXED_SOURCES or (name.endswith(PREVIOUS) and name != PREVIOUS):
            if name not in FIXED_SOURCES or name == "h_tm1":
                self.reads.setdefault(name, token)
            if name not in self.sources:
                self.sources[name] = self._add(Node(name))
            return self.sources[name]
        if name in OPERATORS or name in ALIASES:
            self._fail(token, f"expected ( after {name}, got {self._token}")
        known = [*self.names, *FIXED_SOURCES, *self.sources]
        self._fail(token, f"unknown name {token}; {did_you_mean(name, dict.fromkeys(known))}")

    def _add(self, node: Node) -> int:
        self.nodes.append(node)
        self.labels.append(None)
        return len(self.nodes) - 1

    def _fail(self, token: Token, problem: str) -> NoReturn:
        raise error_at(self.text, token.start, problem)
