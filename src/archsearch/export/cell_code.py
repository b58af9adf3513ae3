"""A cell as the code of a torch module: one step, an equation a line."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from archsearch.cell import OPERATORS, Cell
from archsearch.cell.node import X_SOURCES, Node
from archsearch.cell.step import reads_time
from archsearch.drawing.cell_equations import reading_order
from archsearch.drawing.formula import Binding, Formula, Notation, written_out
from archsearch.drawing.notation import Symbol
from archsearch.export.identifiers import Identifiers, identifiers
from archsearch.export.python_text import INDENT, docstring, statement

BODY = 8  # columns before a statement of a method
PYTHON = Notation(
    symbol=Symbol.unicode,
    times="*",
    minus="-",
    position="position",
    function="torch.{}".format,
    mean="torch.mean({}, -1, keepdim=True)",
    where="torch.where({} > 0, {}, {})",
)


@dataclass(frozen=True, slots=True)
class CellClass:
    """The class of a cell.

    is_share: whether it is one of several side by side, whose matrices multiply h_{t−1} of all.
    biases: what they start at, in the order of the cell's Linears.
    """

    name: str
    cell: Cell
    is_share: bool
    biases: tuple[float, ...]

    @property
    def state_names(self) -> tuple[str, ...]:
        """The entries of its state: h, the memories, and what of x and t the step looks back at."""
        past_x = ("x",) if any(node.op == "x_tm1" for node in self.cell.nodes) else ()
        count = ("t",) if reads_time(self.cell) else ()
        return ("h", *self.cell.memories, *past_x, *count)

    @property
    def parameter_names(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Of weights and biases, in the order in which a RecurrentLayer has them."""
        named = identifiers(self.cell).matrices
        weights = [f"{m}.weight" for node in self.cell.linears for m in named[node].matrices]
        return tuple(weights), tuple(named[node].bias for node in self.cell.linears)

    def source(self) -> str:
        """The class as text."""
        step = _Step(self.cell, identifiers(self.cell), self.is_share)
        method = step.method(self.state_names)
        return "\n".join(
            [
                f"class {self.name}(nn.Module):",
                *docstring(self._description(), 4),
                "",
                *self._constructor(step.linears),
                "",
                *self._initial_state(),
                "",
                *method,
            ]
        )

    def _description(self) -> str:
        text = f"One step of the cell {self.cell.key}:\n\n{self.cell.equations()}"
        if self.is_share:
            text += "\n\nWhere a matrix multiplies h_{t−1}, it is that of the whole layer."
        return text

    def _constructor(self, linears: Sequence[int]) -> list[str]:
        named = identifiers(self.cell).matrices
        sizes = ["input_size", "hidden_size", *(["layer_size"] if self.is_share else [])]
        lines = [
            f"    def __init__(self, {', '.join(f'{size}: int' for size in sizes)}) -> None:",
            "        super().__init__()",
            "        self.hidden_size = hidden_size",
        ]
        starts = dict(zip(self.cell.linears, self.biases, strict=True))
        for node in linears:
            arguments = self.cell.nodes[node].args
            for position in named[node].order:
                width = self._width(self.cell.nodes[arguments[position]])
                linear = f"nn.Linear({width}, hidden_size, bias=False)"
                lines += statement(f"self.{named[node].matrices[position]} = ", linear, BODY)
            start = starts[node]
            value = (
                f"torch.full((hidden_size,), {start!r})" if start else "torch.zeros(hidden_size)"
            )
            lines += statement(f"self.{named[node].bias} = ", f"nn.Parameter({value})", BODY)
        return lines

    def _width(self, operand: Node) -> str:
        if operand.op in X_SOURCES:
            return "input_size"
        return "layer_size" if operand.op == "h_tm1" and self.is_share else "hidden_size"

    def _initial_state(self) -> list[str]:
        values = {
            "x": "torch.zeros_like(x_t)",
            "t": "torch.tensor(0, device=x_t.device)",
        }
        entries = [(state, values.get(state, "zeros")) for state in self.state_names]
        return [
            "    def initial_state(self, x_t: Tensor) -> State:",
            '        """Zeros for x_t (B, X)."""',
            "        zeros = x_t.new_zeros(x_t.shape[0], self.hidden_size)",
            *_returned("", entries),
        ]


@dataclass(slots=True)
class _Step:
    """Writes the method that computes the step."""

    cell: Cell
    names: Identifiers
    is_share: bool
    lines: list[str] = field(default_factory=list)
    variables: dict[int, str] = field(default_factory=dict)  # of the nodes computed so far
    linears: list[int] = field(default_factory=list)  # in the order in which they are written

    def method(self, state_names: Sequence[str]) -> list[str]:
        self._begin(state_names)
        for node, variable in self.names.variables.items():
            self.lines += statement(f"{variable} = ", self._expression(node).text, BODY)
            self.variables[node] = variable
        h_t = self._value(self.cell.outputs[0][1]).text
        after = {state: self._value(node).text for state, node in self.cell.outputs}
        after |= {"x": "x_t", "t": 'state["t"] + 1'}
        return [*self.lines, *_returned(f"{h_t}, ", [(name, after[name]) for name in state_names])]

    def _begin(self, state_names: Sequence[str]) -> None:
        arguments = "self, x_t: Tensor, state: State"
        if self.is_share:
            arguments += ", whole_h_tm1: Tensor"
        result = " -> tuple[Tensor, State]:"
        self.lines += statement("def forward", arguments, BODY - INDENT, "()", result)
        self.lines.append('        """x_t (B, X) -> h_t (B, H), and the next state."""')
        sources = {node.op for node in self.cell.nodes if node.is_source}
        elementwise = self._read_elementwise()
        for state in state_names:
            source = f"{state}_tm1"
            if source in sources and (state != "h" or not self.is_share or elementwise):
                self.lines.append(f'{" " * BODY}{source} = state["{state}"]')

        if "t" in state_names:
            encoding = 'positional_encoding(state["t"], self.hidden_size).to(x_t)'
            self.lines += statement(f"{PYTHON.position} = ", encoding, BODY)

    def _read_elementwise(self) -> bool:
        """Whether h_{t−1} is used outside of matrix products."""
        outputs = {node for _, node in self.cell.outputs}
        read = {arg for node in self.cell.nodes if node.op != "Linear" for arg in node.args}
        return any(self.cell.nodes[node].op == "h_tm1" for node in read | outputs)

    def _value(self, node: int) -> Formula:
        """A node as it stands in the expression of another one."""
        if node in self.variables:
            return Formula(self.variables[node], Binding.ATOM, PYTHON)
        return self._expression(node)

    def _expression(self, index: int) -> Formula:
        node = self.cell.nodes[index]
        if node.is_source:
            return Formula(node.op, Binding.ATOM, PYTHON)
        if node.op == "Linear":
            return self._linear(index)
        return _applied(node.op, [self._value(a) for a in reading_order(self.cell, node)])

    def _linear(self, index: int) -> Formula:
        matrices, arguments = self.names.matrices[index], self.cell.nodes[index].args
        if index not in self.linears:
            self.linears.append(index)
        products = [
            f"self.{matrices.matrices[position]}({self._operand(arguments[position])})"
            for position in matrices.order
        ]
        return Formula(" + ".join([*products, f"self.{matrices.bias}"]), Binding.SUM, PYTHON)

    def _operand(self, node: int) -> str:
        """What a matrix multiplies."""
        if self.is_share and self.cell.nodes[node].op == "h_tm1":
            return "whole_h_tm1"
        return self._value(node).text


def _applied(op: str, arguments: Sequence[Formula]) -> Formula:
    """What an operator makes of these: a call, or its value written out as in the equations."""
    operator = OPERATORS[op]
    function = operator.torch if _is_name(operator.torch) else _helper_name(op)
    if not function:
        return written_out(operator, arguments, PYTHON)
    inner = ", ".join(argument.text for argument in arguments)
    return Formula(f"{function}({inner})", Binding.ATOM, PYTHON)


def helpers(cell: Cell) -> dict[str, str]:
    """The functions that the code of a cell calls for its operators, as text by name."""
    used = {node.op for node in cell.nodes if node.op in OPERATORS}
    return {
        name: _helper(op, name) for op in OPERATORS if op in used and (name := _helper_name(op))
    }


def _helper_name(op: str) -> str:
    """Of the function for an operator that equations call by a name and torch has none for."""
    operator = OPERATORS[op]
    if not operator.function or _is_name(operator.torch):
        return ""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", op).lower()


def _helper(op: str, name: str) -> str:
    operator = OPERATORS[op]
    arguments = [Formula(letter, Binding.ATOM, PYTHON) for letter in "abc"[: operator.max_args]]
    value = operator.torch or written_out(operator, arguments, PYTHON).text
    parameters = ", ".join(f"{argument.text}: Tensor" for argument in arguments)
    return "\n".join(
        [
            f"def {name}({parameters}) -> Tensor:",
            *docstring(operator.formula, INDENT),
            *statement("return ", value, INDENT),
        ]
    )


def _is_name(text: str) -> bool:
    return re.fullmatch(r"[\w.]+", text) is not None


def _returned(before: str, entries: Sequence[tuple[str, str]]) -> list[str]:
    """`return before{…}`."""
    inner = ", ".join(f'"{state}": {value}' for state, value in entries)
    return statement(f"return {before}", inner, BODY, "{}")
