"""A training step of a language model: ours, and the same model as one writes it with torch.nn.

A step is forward, loss, backward, clipping and a step of gradient descent; the state goes on from
step to step and is cut from the graph between them. No dropout.

Shapes: T time steps, B batch, H hidden features, V vocabulary.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import clip_grad_norm_

from archsearch.bench.settings import LanguageSize
from archsearch.cell import zoo
from archsearch.nn import LanguageModel
from archsearch.nn.stack import detach

CELL = "lstm"
CLIP_NORM = 5.0
INIT_SCALE = 0.1
LEARNING_RATE = 0.1

Step = Callable[[], None]


def stock_step(size: LanguageSize, generator: torch.Generator) -> Step:
    """torch.nn in float32."""
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
