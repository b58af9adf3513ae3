"""Assignments laid out as code formatters do: on one line, else broken at brackets or operators."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

WIDTH = 88  # the default of ruff and black
INDENT = 4


class Binding(IntEnum):
    """How tightly the outermost operation of an expression binds."""

    SUM = 0
    PRODUCT = 1
    ATOM = 2


@dataclass(frozen=True, slots=True)
class Expression:
    """Python code for a value: a name, a call of `function`, or operands with operators between.

    operators: the one before each operand but the first.
    """

    operands: tuple[str, ...]
    binding: Binding = Binding.ATOM
    function: str | None = None
    operators: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """On one line."""
        if self.function is not None:
            return f"{self.function}({', '.join(self.operands)})"
        rest = zip(self.operators, self.operands[1:], strict=True)
        return " ".join((self.operands[0], *(f"{operator} {value}" for operator, value in rest)))

    def within(self, weakest: Binding) -> str:
        """The text, in parentheses where it binds more weakly than its place allows."""
        return self.text if self.binding >= weakest else f"({self.text})"


def name(text: str) -> Expression:
    """A name, or a number."""
    return Expression((text,))


def call(function: str, *operands: Expression) -> Expression:
    """function(operand, …)."""
    return Expression(tuple(operand.text for operand in operands), function=function)


def fits(target: str, value: Expression, indent: int) -> bool:
    """Whether `target = value` needs no more lines than one, and two for brackets."""
    if _on_one_line(target, value, indent):
        return True
    return value.function is not None and _width(indent + INDENT, ", ".join(value.operands))


def assignment(target: str, value: Expression, indent: int) -> list[str]:
    """The lines of `target = value`."""
    margin, inner = " " * indent, " " * (indent + INDENT)
    if _on_one_line(target, value, indent):
        return [f"{margin}{target} = {value.text}"]
    if value.function is not None:
        opening = f"{margin}{target} = {value.function}("
        flat = ", ".join(value.operands)
        operands = [flat] if _width(indent + INDENT, flat) else [f"{a}," for a in value.operands]
    else:
        opening = f"{margin}{target} = ("
        rest = zip(value.operators, value.operands[1:], strict=True)
        operands = [value.operands[0], *(f"{operator} {operand}" for operator, operand in rest)]
        if _width(indent + INDENT, value.text):
            operands = [value.text]
    return [opening, *(inner + operand for operand in operands), f"{margin})"]


def _on_one_line(target: str, value: Expression, indent: int) -> bool:
    return _width(indent, f"{target} = {value.text}")


def _width(indent: int, text: str) -> bool:
    return indent + len(text) <= WIDTH


def listing(target: str, items: Sequence[str], indent: int) -> list[str]:
    """The lines of `target = [item, …]`, with a line for each item where one does not hold all."""
    margin = " " * indent
    flat = f"{target} = [{', '.join(items)}]"
    if _width(indent, flat):
        return [margin + flat]
    rows = [f"{' ' * (indent + INDENT)}{item}," for item in items]
    return [f"{margin}{target} = [", *rows, f"{margin}]"]
