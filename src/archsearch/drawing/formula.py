"""Expressions as text, in plain Unicode, LaTeX or Python: operators run over them as over numbers.

So what an equation or a line of exported code says of an operator is what the table of operators
computes, and an operator that is made of + − × ÷ and known functions needs no text of its own.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Union

from typing_extensions import override

from archsearch.cell.operators import OPERATORS, Arithmetic, Operator
from archsearch.drawing.notation import Symbol


class Binding(IntEnum):
    """How tightly the outermost operation of an expression binds."""

    DIFFERENCE = 0  # 1 − a: bare only where nothing stands beside it
    SUM = 1
    QUOTIENT = 2  # a ⊘ b is not associative with ∘, so it gets parentheses in products
    PRODUCT = 3
    ATOM = 4


@dataclass(frozen=True, slots=True)
class Notation:
    """The spelling of everything that is not a number.

    functions: those of `Arithmetic` that are not called by their names; `function` spells the
    others. mean, where and position are patterns over their arguments.
    """

    symbol: Callable[[Symbol], str]
    times: str
    minus: str
    position: str
    functions: Mapping[str, str] = field(default_factory=dict)
    function: Callable[[str], str] = str
    words: Callable[[str], str] = str
    mean: str = "mean({})"
    where: str = "where({} > 0, {}, {})"


def _latex_function(name: str) -> str:
    return rf"\operatorname{{{name}}}"


UNICODE = Notation(
    symbol=Symbol.unicode,
    times="∘",
    minus="−",
    position="PE(t)",
    functions={"sigmoid": "σ"},
)
LATEX = Notation(
    symbol=Symbol.latex,
    times=r"\circ",
    minus="-",
    position=r"\operatorname{PE}(t)",
    functions={"sigmoid": r"\sigma", "exp": r"\exp"}
    | {name: rf"\{name}" for name in ("tanh", "sin", "cos")},
    function=_latex_function,
    words=lambda text: rf"\text{{{text}}}",
    mean=r"\operatorname{mean}({})".replace("{mean}", "{{mean}}"),
    where=r"\operatorname{where}({} > 0, {}, {})".replace("{where}", "{{where}}"),
)


def notation_of(style: str) -> Notation:
    """Raises ValueError where there is no such style."""
    if style not in ("unicode", "latex"):
        raise ValueError(f'style of equations: expected "unicode" or "latex", got {style!r}')
    return LATEX if style == "latex" else UNICODE


def system(lines: Sequence[tuple[str, str]], notation: Notation, notes: Sequence[str] = ()) -> str:
    """Equations, left and right side each, one below the other, and notes below them.

    In LaTeX an `aligned` environment (amsmath, math mode).
    """
    if notation is LATEX:
        rows = [f"{left} &= {right}" for left, right in lines] + [f"& {note}" for note in notes]
        return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"
    width = max(len(left) for left, _ in lines)
    rows = [f"{left:<{width}} = {right}" for left, right in lines]
    return "\n".join([*rows, "", *notes] if notes else rows)


Operand = Union["Formula", float]


@dataclass(frozen=True, slots=True)
class Formula:
    """An expression as text, with the arithmetic of a number."""

    text: str
    binding: Binding
    notation: Notation

    def within(self, weakest: Binding) -> str:
        """The text, in parentheses where it binds more weakly than its place allows."""
        return self.text if self.binding >= weakest else f"({self.text})"

    def __add__(self, other: Operand) -> "Formula":
        return self._join("+", other, Binding.SUM, Binding.SUM, Binding.SUM)

    def __sub__(self, other: Operand) -> "Formula":
        return self._join(self.notation.minus, other, Binding.SUM, Binding.QUOTIENT, Binding.SUM)

    def __mul__(self, other: Operand) -> "Formula":
        times = self.notation.times
        return self._join(times, other, Binding.PRODUCT, Binding.PRODUCT, Binding.PRODUCT)

    def __truediv__(self, other: Operand) -> "Formula":
        return self._join("/", other, Binding.PRODUCT, Binding.ATOM, Binding.QUOTIENT)

    def __radd__(self, other: float) -> "Formula":
        return self._number(other) + self

    def __rsub__(self, other: float) -> "Formula":
        difference = self._number(other) - self
        return Formula(difference.text, Binding.DIFFERENCE, self.notation)

    def __rmul__(self, other: float) -> "Formula":
        return self._number(other) * self

    def __neg__(self) -> "Formula":
        text = f"{self.notation.minus}{self.within(Binding.PRODUCT)}"
        return Formula(text, Binding.DIFFERENCE, self.notation)

    def _join(
        self, sign: str, other: Operand, left: Binding, right: Binding, result: Binding
    ) -> "Formula":
        operand = other if isinstance(other, Formula) else self._number(other)
        text = f"{self.within(left)} {sign} {operand.within(right)}"
        return Formula(text, result, self.notation)

    def _number(self, value: float) -> "Formula":
        text = repr(value).removesuffix(".0")
        return Formula(text, Binding.ATOM if value >= 0 else Binding.DIFFERENCE, self.notation)


@dataclass(frozen=True, slots=True)
class FormulaArithmetic(Arithmetic):
    """The operators' arithmetic over texts of one notation."""

    notation: Notation

    @override
    def function(self, name: str, a: Formula) -> Formula:
        spelt = self.notation.functions.get(name) or self.notation.function(name)
        return self._atom(f"{spelt}({a.text})")

    @override
    def where_positive(self, condition: Formula, then: Formula, otherwise: Formula) -> Formula:
        return self._atom(self.notation.where.format(condition.text, then.text, otherwise.text))

    @override
    def mean(self, a: Formula) -> Formula:
        return self._atom(self.notation.mean.format(a.text))

    @override
    def position(self, a: Formula) -> Formula:
        return self._atom(self.notation.position)

    def _atom(self, text: str) -> Formula:
        return Formula(text, Binding.ATOM, self.notation)


def applied(op: str, arguments: Sequence[Formula], notation: Notation) -> Formula:
    """What an elementwise operator makes of these arguments, as equations write it."""
    operator = OPERATORS[op]
    if not operator.function:
        return written_out(operator, arguments, notation)
    spelt = function_text(operator, notation)
    if operator.is_infix:
        left, right = (argument.within(Binding.ATOM) for argument in arguments)
        return Formula(f"{left} {spelt} {right}", Binding.QUOTIENT, notation)
    inner = ", ".join(argument.text for argument in arguments)
    return Formula(f"{spelt}({inner})", Binding.ATOM, notation)


def written_out(operator: Operator, arguments: Sequence[Formula], notation: Notation) -> Formula:
    """The value of an elementwise operator in terms of its arguments."""
    assert operator.value is not None
    result: Any = operator.value(FormulaArithmetic(notation), *arguments)
    assert isinstance(result, Formula)
    return result


def function_text(operator: Operator, notation: Notation) -> str:
    """How a notation spells the operator's `function`."""
    if notation is LATEX:
        return operator.latex or _latex_function(operator.function)
    return operator.function


def num_mentions(op: str) -> tuple[int, ...]:
    """How often an equation mentions each argument of an elementwise operator."""
    count = OPERATORS[op].max_args
    marks = [f"\0{position}\0" for position in range(count)]
    text = applied(op, [Formula(mark, Binding.ATOM, UNICODE) for mark in marks], UNICODE).text
    return tuple(text.count(mark) for mark in marks)


def latex_of(formula: str) -> str:
    """A formula of the table of operators in LaTeX."""
    powers = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")

    def power(found: re.Match[str]) -> str:
        exponent = found[0].translate(powers)
        return f"^{exponent}" if len(exponent) == 1 else f"^{{{exponent}}}"

    text = re.sub("[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+", power, formula)
    return text.replace("∘", r"\circ").replace("−", "-")
