"""What one writes first: a Python loop over time, node by node, and autograd for the rest.

One matrix product a weight and a step, forward and backward, on purpose: it is the baseline that
says what compiling is worth.

Shapes: T time steps, B batch, H hidden features (and as many of the input).
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archsearch.cell import OPERATORS, Cell
from archsearch.compiler import weight_slots
from archsearch.compiler.backends.torch_arithmetic import TorchArithmetic, positional_encodings


class AutogradLoop(nn.Module):
    """A cell as a plain module: x (T, B, H) -> h_t of every step (T, B, H), and the last state."""

    def __init__(self, cell: Cell, width: int, generator: torch.Generator) -> None:
        super().__init__()
        self.cell = cell
        self.weights = nn.ParameterList(torch.empty(width, width) for _ in weight_slots(cell))
        self.biases = nn.ParameterList(torch.zeros(width) for _ in cell.linears)
        for weight in self.weights:
            nn.init.uniform_(weight, -1 / math.sqrt(width), 1 / math.sqrt(width), generator)
        weights = iter(self.weights)
        self._linears = {
            node: ([next(weights) for _ in cell.nodes[node].args], bias)
            for node, bias in zip(cell.linears, self.biases, strict=True)
        }

    def forward(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        zeros = x.new_zeros(x.shape[1:])
        state = {f"{name}_tm1": zeros for name, _ in self.cell.outputs} | {"x_tm1": zeros}
        encodings = positional_encodings(0, len(x), x.shape[2], x)
        outputs = []
        for x_t, encoding in zip(x, encodings, strict=True):
            values = self._step(state | {"x_t": x_t}, TorchArithmetic(encoding))
            state = {f"{name}_tm1": values[node] for name, node in self.cell.outputs}
            outputs.append(state["h_tm1"])
            state["x_tm1"] = x_t
        return torch.stack(outputs), state

    def _step(self, sources: Mapping[str, Tensor], arithmetic: TorchArithmetic) -> list[Tensor]:
        """The value (B, H) of every node."""
        values: list[Tensor] = []
        for i, node in enumerate(self.cell.nodes):
            arguments = [values[a] for a in node.args]
            if node.op in sources:
                values.append(sources[node.op])
            elif node.op == "Linear":
                values.append(self._linear(i, arguments))
            else:
                value = OPERATORS[node.op].value
                assert value is not None
                values.append(value(arithmetic, *arguments))
        return values

    def _linear(self, node: int, arguments: list[Tensor]) -> Tensor:
        weights, bias = self._linears[node]
        total = F.linear(arguments[0], weights[0], bias)
        for argument, weight in zip(arguments[1:], weights[1:], strict=True):
            total = total + F.linear(argument, weight)
        return total
