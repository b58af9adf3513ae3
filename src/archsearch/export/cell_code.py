"""A cell as the code of a torch module: one step, an equation a line."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from archsearch.cell import Cell
from archsearch.cell.node import X_SOURCES, Node
from archsearch.drawing.cell_equations import reading_order
from archsearch.export.identifiers import Identifiers, identifiers
from archsearch.export.literals import docstring
from archsearch.export.statements import Binding, Expression, assignment, call, fits, name

BODY = 8  # columns before a statement of a method
PART = "p99"  # is as long as the names of parts

# What an operator is called in code; all but those of `_arithmetic`.
_FUNCTIONS = {
    "Div": "divide",
    "Max": "torch.maximum",
    "Blend": "blend",
    "Sigmoid": "torch.sigmoid",
    "Tanh": "torch.tanh",
    "ReLU": "torch.relu",
    "LeakyReLU": "F.leaky_relu",
    "SeLU": "F.selu",
    "Sin": "torch.sin",
    "Cos": "torch.cos",
    "LayerNorm": "layer_norm",
}


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
        operators = {node.op for node in self.cell.nodes}
        past_x = ("x",) if "x_tm1" in operators else ()
        count = ("t",) if "PosEnc" in operators else ()
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
                linear = call("nn.Linear", name(width), name("hidden_size"), name("bias=False"))
                lines += assignment(f"self.{named[node].matrices[position]}", linear, BODY)
            zeros = call("torch.zeros", name("hidden_size"))
            start = name(repr(starts[node]))
            value = call("torch.full", name("(hidden_size,)"), start) if starts[node] else zeros
            lines += assignment(f"self.{named[node].bias}", call("nn.Parameter", value), BODY)
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
    num_parts: int = 0

    def method(self, state_names: Sequence[str]) -> list[str]:
        self._begin(state_names)
        for node, variable in self.names.variables.items():
            self._assign(node, variable)
        h_t = self._value(self.cell.outputs[0][1]).text
        after = {state: self._value(node).text for state, node in self.cell.outputs}
        after |= {"x": "x_t", "t": 'state["t"] + 1'}
        return [*self.lines, *_returned(f"{h_t}, ", [(name, after[name]) for name in state_names])]

    def _begin(self, state_names: Sequence[str]) -> None:
        arguments = "self, x_t: Tensor, state: State"
        if self.is_share:
            arguments += ", whole_h_tm1: Tensor"
        head = f"    def forward({arguments}) -> tuple[Tensor, State]:"
        if len(head) > 88:
            self.lines += [
                "    def forward(",
                f"        {arguments}",
                "    ) -> tuple[Tensor, State]:",
            ]
        else:
            self.lines.append(head)
        self.lines.append('        """x_t (B, X) -> h_t (B, H), and the next state."""')
        sources = {node.op for node in self.cell.nodes if node.is_source}
        elementwise = self._read_elementwise()
        for state in state_names:
            source = f"{state}_tm1"
            if source in sources and (state != "h" or not self.is_share or elementwise):
                self.lines.append(f'{" " * BODY}{source} = state["{state}"]')

    def _read_elementwise(self) -> bool:
        """Whether h_{t−1} is used outside of matrix products."""
        outputs = {node for _, node in self.cell.outputs}
        read = {arg for node in self.cell.nodes if node.op != "Linear" for arg in node.args}
        return any(self.cell.nodes[node].op == "h_tm1" for node in read | outputs)

    def _assign(self, node: int, variable: str | None = None) -> None:
        """Without a variable: as the next part of a line that is too long."""
        while not fits(variable or PART, self._expression(node), BODY):
            part = self._part_of(node)
            if part is None:
                break
            self._assign(part)
        if variable is None:
            self.num_parts += 1
            variable = self.names.fresh(self.num_parts)
        self.lines += assignment(variable, self._expression(node), BODY)
        self.variables[node] = variable

    def _part_of(self, node: int) -> int | None:
        """What to take out of the node's expression: the longest part that fits on a line of its
        own, else the longest; None where all parts are names."""

        def length(part: int) -> tuple[bool, int]:
            value = self._expression(part)
            return fits(PART, value, BODY), len(value.text)

        return max(self._written_out(node), key=length, default=None)

    def _written_out(self, node: int) -> list[int]:
        """The nodes below whose expressions stand in that of this one."""
        parts: list[int] = []
        for argument in dict.fromkeys(self.cell.nodes[node].args):
            if argument not in self.variables and self.cell.nodes[argument].args:
                parts += [argument, *self._written_out(argument)]
        return parts

    def _value(self, node: int) -> Expression:
        """A node as it stands in the expression of another one."""
        if node in self.variables:
            return name(self.variables[node])
        return self._expression(node)

    def _expression(self, index: int) -> Expression:
        node = self.cell.nodes[index]
        if node.is_source:
            return name(node.op)
        if node.op == "Linear":
            return self._linear(index)
        if node.op in ("Add", "Mult"):
            arguments = [self._value(argument) for argument in reading_order(self.cell, node)]
        else:
            arguments = [self._value(argument) for argument in node.args]
        match node.op:
            case "Add":
                return _binary("+", arguments, (Binding.SUM, Binding.PRODUCT))
            case "Sub":
                return _binary("-", arguments, (Binding.SUM, Binding.PRODUCT))
            case "Mult":
                return _binary("*", arguments, (Binding.PRODUCT, Binding.ATOM))
            case "OneMinus":
                return _binary("-", [name("1"), *arguments], (Binding.SUM, Binding.PRODUCT))
            case "Gate3":
                return call("blend", call("torch.sigmoid", arguments[2]), *arguments[:2])
            case "PosEnc":
                return call("encode_position", *arguments, name('state["t"]'))
            case "Identity":
                return arguments[0]
            case _:
                return call(_FUNCTIONS[node.op], *arguments)

    def _linear(self, index: int) -> Expression:
        matrices, arguments = self.names.matrices[index], self.cell.nodes[index].args
        if index not in self.linears:
            self.linears.append(index)
        products = [
            f"self.{matrices.matrices[position]}({self._operand(arguments[position])})"
            for position in matrices.order
        ]
        operators = ("+",) * len(products)
        return Expression((*products, f"self.{matrices.bias}"), Binding.SUM, operators=operators)

    def _operand(self, node: int) -> str:
        """What a matrix multiplies."""
        if self.is_share and self.cell.nodes[node].op == "h_tm1":
            return "whole_h_tm1"
        return self._value(node).text


def _binary(
    operator: str, arguments: Sequence[Expression], weakest: tuple[Binding, Binding]
) -> Expression:
    operands = tuple(a.within(least) for a, least in zip(arguments, weakest, strict=True))
    binding = Binding.PRODUCT if operator == "*" else Binding.SUM
    return Expression(operands, binding, operators=(operator,))


def _returned(before: str, entries: Sequence[tuple[str, str]]) -> list[str]:
    """`return before{…}`, with a line for each entry where they do not fit on one."""
    flat = ", ".join(f'"{state}": {value}' for state, value in entries)
    line = f"{' ' * BODY}return {before}{{{flat}}}"
    if len(line) <= 88:
        return [line]
    margin, inner = " " * BODY, " " * (BODY + 4)
    rows = [f'{inner}"{state}": {value},' for state, value in entries]
    if not before:
        return [f"{margin}return {{", *rows, f"{margin}}}"]
    return [f"{margin}after = {{", *rows, f"{margin}}}", f"{margin}return {before}after"]
