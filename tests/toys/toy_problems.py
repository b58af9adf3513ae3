"""Random cells with all that it takes to run them: weights, input, state, masks.

Shapes: T time steps, B batch, X input features, H hidden features.
"""

from random import Random

import numpy as np
import torch
from torch import Tensor

from archsearch.cell.cell import Cell, Node
from archsearch.cell.node import X_SOURCES
from archsearch.cell.operators import OPERATORS
from archsearch.cell.step import Step, is_share_of_h, shares_of_h
from archsearch.compiler import compile, reference, weight_slots
from archsearch.compiler.backends import Weights, make_backend
from archsearch.space import GPTreeSpace

State = dict[str, Tensor]

KINKED = ("Max", "ReLU", "LeakyReLU", "SeLU", "Div")
SMOOTH = tuple(name for name in OPERATORS if name not in KINKED)


def random_cell(rng: Random, operators: tuple[str, ...] = tuple(OPERATORS)) -> Cell:
    """Any graph over all sources, with up to three memories; half of its operators are Linear."""
    memories = ["c", "d", "e"][: rng.randrange(4)]
    sources = ["x_t", "h_tm1", "x_tm1", *[f"{memory}_tm1" for memory in memories]]
    nodes = [Node(source) for source in sources]
    for _ in range(rng.randrange(2, 13)):
        operator = OPERATORS["Linear" if rng.random() < 0.5 else rng.choice(operators)]
        num_args = rng.randint(operator.min_args, min(operator.max_args, 3))
        args = tuple(rng.randrange(len(nodes)) for _ in range(num_args))
        nodes.append(Node(operator.name, args))
    outputs = [("h", len(nodes) - 1)]
    outputs += [(memory, rng.randrange(len(nodes))) for memory in memories]
    return Cell.build(nodes, outputs)


def tree_cell(rng: Random) -> Cell:
    """A cell of GP-NEAT's space."""
    space = GPTreeSpace()
    return space.decode(space.sample(rng))


class Problem:
    """Random float64 weights, input, state and masks for a cell."""

    def __init__(
        self,
        cell: Step,
        x_size: int,
        h_size: int,
        seed: int,
        t: int = 3,
        b: int = 2,
        masked: bool = True,
    ) -> None:
        self.cell = cell if x_size == h_size else cell.with_linear_sources()
        self._generator = torch.Generator().manual_seed(seed)
        self.x = self._draw(t, b, x_size)
        num_shares = len(shares_of_h(self.cell.outputs))
        widths = dict.fromkeys(X_SOURCES, x_size) | {"h_tm1": num_shares * h_size}
        self.weights = []
        for linear, argument in weight_slots(self.cell):
            node = self.cell.nodes[self.cell.nodes[self.cell.linears[linear]].args[argument]]
            self.weights.append(self._draw(h_size, widths.get(node.op, h_size)))
        self.biases = [self._draw(h_size) for _ in self.cell.linears]
        self.state = {"h": self._draw(b, num_shares * h_size)} | {
            name: self._draw(b, h_size) for name, _ in self.cell.outputs if not is_share_of_h(name)
        }
        self.state["x"] = self._draw(b, x_size)
        self.state["t"] = torch.tensor(5)
        recurrent = compile(self.cell).recurrent_operands
        operands = {operand: self.weights[weight].shape[1] for weight, operand in recurrent.items()}
        masks = {i: self._draw(b, width).abs() for i, width in sorted(operands.items())}
        self.masks = {weight: masks[operand] for weight, operand in recurrent.items() if masked}

    def _draw(self, *shape: int) -> Tensor:
        return 0.5 * torch.randn(shape, generator=self._generator, dtype=torch.float64)

    def reference(self, factor: float = 1.0) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """The reference's answer; factor scales the input."""
        y, after = reference.run(
            self.cell,
            [weight.numpy() for weight in self.weights],
            [bias.numpy() for bias in self.biases],
            self.x.numpy() * factor,
            {name: value.numpy() for name, value in self.state.items()},
            {weight: mask.numpy() for weight, mask in self.masks.items()},
        )
        return y, after

    def run(self, backend: str) -> tuple[Tensor, State]:
        return make_backend(backend, self.cell).run(
            self.x, Weights(self.weights, self.biases, self.masks), self.state
        )

    def to(self, dtype: torch.dtype) -> "Problem":
        """The same problem in another dtype, its tensors new and without gradients."""
        other = object.__new__(Problem)
        other.__dict__.update(self.__dict__)
        other.x = self.x.detach().to(dtype, copy=True)
        other.weights = [weight.detach().to(dtype, copy=True) for weight in self.weights]
        other.biases = [bias.detach().to(dtype, copy=True) for bias in self.biases]
        other.state = {
            name: value.detach().to(dtype, copy=True) if value.is_floating_point() else value
            for name, value in self.state.items()
        }
        other.masks = {weight: mask.to(dtype) for weight, mask in self.masks.items()}
        return other

    def require_grad(self) -> None:
        for tensor in self.tensors:
            tensor.requires_grad_()

    def gradients(self, backend: str) -> list[Tensor]:
        """Every output, and the gradient of a random projection of them by everything, flat."""
        self.require_grad()
        y, after = self.run(backend)
        outputs = [y, *(after[name] for name in sorted(after) if after[name].is_floating_point())]
        generator = torch.Generator().manual_seed(0)
        loss = sum(
            (output * torch.randn(output.shape, generator=generator).to(output)).sum()
            for output in outputs
        )
        assert isinstance(loss, Tensor)
        gradients = torch.autograd.grad(loss, self.tensors, allow_unused=True)
        return [
            *(output.detach() for output in outputs),
            *(
                torch.zeros_like(tensor) if gradient is None else gradient
                for tensor, gradient in zip(self.tensors, gradients, strict=True)
            ),
        ]

    @property
    def tensors(self) -> list[Tensor]:
        """All that a gradient can be asked of."""
        floats = [value for value in self.state.values() if value.is_floating_point()]
        return [self.x, *self.weights, *self.biases, *floats]
