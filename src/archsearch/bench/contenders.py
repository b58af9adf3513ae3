"""What is measured: a layer and a training step of a language model, as torch.nn has them, as one
writes them first, and ours.

Shapes: T time steps, B batch, H hidden features (and as many of the input), V vocabulary.
"""

import math
from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import clip_grad_norm_

from archsearch.bench.bound import bound, products
from archsearch.bench.settings import LanguageSize, Shape
from archsearch.cell import OPERATORS, Cell, zoo
from archsearch.compiler import compile, weight_slots
from archsearch.compiler.backends.torch_arithmetic import TorchArithmetic, positional_encodings
from archsearch.nn import LanguageModel, RecurrentLayer
from archsearch.nn.stack import detach

STOCK: dict[str, Callable[[int, int], nn.Module]] = {"lstm": nn.LSTM, "gru": nn.GRU}
OURS = ("plain", "cpu")
BEST = "cpu"
CONTENDERS = ("torch.nn", "autograd", *OURS, "bound")

CELL = "lstm"
CLIP_NORM = 5.0
INIT_SCALE = 0.1
LEARNING_RATE = 0.1

Step = Callable[[], None]


class AutogradLoop(nn.Module):
    """A cell as one writes it first: x (T, B, H) -> h_t of every step (T, B, H), the last state.

    One matrix product per weight and step, forward and backward, on purpose: it is the baseline
    that says what compiling is worth.
    """

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


def layer_contenders(
    cell: Cell,
    shape: Shape,
    precision: str,
    stock: Callable[[int, int], nn.Module] | None,
    generator: torch.Generator,
) -> dict[str, Callable[[], None]]:
    """By name, what runs a layer forward and backward once, to gradients of x and all parameters.

    bfloat16 is torch's autocast, and for the bound the products of bfloat16 matrices.
    """
    width = shape.width
    layers: dict[str, nn.Module] = {}
    if stock is not None:
        layers["torch.nn"] = _drawn(stock(width, width), width, generator)
    layers["autograd"] = AutogradLoop(cell, width, generator)
    for backend in OURS:
        layers[backend] = RecurrentLayer(cell, width, width, backend=backend, generator=generator)
    x = torch.randn(shape, generator=generator).requires_grad_()
    gradient = torch.randn(shape, generator=generator)
    runs: dict[str, Callable[[], None]] = {
        name: partial(forward_backward, layer, x, gradient, precision)
        for name, layer in layers.items()
    }
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    runs["bound"] = bound(products(compile(cell), shape, width), dtype, generator)
    return runs


def forward_backward(layer: nn.Module, x: Tensor, gradient: Tensor, precision: str) -> None:
    """x and gradient, that of the output, are (T, B, H)."""
    x.grad = None
    layer.zero_grad(set_to_none=True)
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
        y, _ = layer(x)
    y.backward(gradient.to(y.dtype))


def _drawn(layer: nn.Module, width: int, generator: torch.Generator) -> nn.Module:
    """The layer with weights from `generator`; torch.nn draws from the global one."""
    for parameter in layer.parameters():
        nn.init.uniform_(parameter, -1 / math.sqrt(width), 1 / math.sqrt(width), generator)
    return layer


def stock_step(size: LanguageSize, generator: torch.Generator) -> Step:
    """A step with torch.nn in float32: forward, loss, backward, clipping and gradient descent.

    The state goes on from step to step and is cut from the graph between them. No dropout.
    """
    model = StockModel(size)
    for parameter in model.parameters():
        nn.init.uniform_(parameter, -INIT_SCALE, INIT_SCALE, generator)
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)
    inputs, targets = draw_symbols(size, generator)
    state: tuple[Tensor, Tensor] | None = None

    def step() -> None:
        nonlocal state
        logits, (h, c) = model(inputs, state)
        state = h.detach(), c.detach()
        descend(F.cross_entropy(logits.flatten(0, 1), targets.flatten()), model, optimizer)

    return step


def our_step(size: LanguageSize, generator: torch.Generator, *, precision: str) -> Step:
    """archsearch's model; bfloat16 is torch's autocast."""
    model = LanguageModel(
        zoo[CELL],
        size.vocabulary,
        generator=generator,
        num_layers=size.num_layers,
        hidden_size=size.shape.width,
        init_scale=INIT_SCALE,
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)
    inputs, targets = draw_symbols(size, generator)
    states: list[dict[str, Tensor]] | None = None

    def step() -> None:
        nonlocal states
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            features = model(inputs, states)
            loss = model.loss(features, targets)
        states = detach(features.states)
        descend(loss, model, optimizer)

    return step


STEPS: dict[str, Callable[[LanguageSize, torch.Generator], Step]] = {
    "torch.nn float32": stock_step,
    "archsearch float32": partial(our_step, precision="float32"),
    "archsearch bfloat16": partial(our_step, precision="bfloat16"),
}
STOCK_STEP = "torch.nn float32"


class StockModel(nn.Module):
    """The model of LanguageModel around torch.nn.LSTM."""

    def __init__(self, size: LanguageSize) -> None:
        super().__init__()
        width = size.shape.width
        self.embedding = nn.Embedding(size.vocabulary, width)
        self.lstm = nn.LSTM(width, width, size.num_layers)
        self.decoder = nn.Linear(width, size.vocabulary)

    def forward(
        self, symbols: Tensor, state: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """symbols (T, B) -> logits (T, B, V) and the state after the last, (layers, B, H) each."""
        y, state = self.lstm(self.embedding(symbols), state)
        return self.decoder(y), state


def descend(loss: Tensor, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    clip_grad_norm_(model.parameters(), CLIP_NORM)
    optimizer.step()


def draw_symbols(size: LanguageSize, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Inputs and targets, (T, B) each, as frequent as words are: the k-th in proportion to 1/k."""
    frequency = 1.0 / torch.arange(1, size.vocabulary + 1)
    num_steps, batch, _ = size.shape
    count = (num_steps + 1) * batch
    symbols = torch.multinomial(frequency, count, replacement=True, generator=generator)
    stream = symbols.view(num_steps + 1, batch)
    return stream[:-1], stream[1:]
