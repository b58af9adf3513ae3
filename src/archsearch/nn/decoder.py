"""The decoder of an encoder-decoder: recurrent layers, attention and input feeding.

Shapes: T target steps, S source steps, B batch, E embedding width, H hidden width.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from archsearch.architecture import Architecture
from archsearch.cell.step import is_share_of_h
from archsearch.compiler.backends import Bound
from archsearch.nn.dropout import dropout
from archsearch.nn.recurrent import RecurrentLayer
from archsearch.nn.stack import State, make_layer, recurrent_layers


class GlobalAttention(nn.Module):
    """The source steps' mean, weighted by the softmax of their scores.

    Luong, Pham, Manning, Effective Approaches to Attention-based Neural Machine Translation (2015),
    section 3.1. There is no mask: all S steps of all B sentences are looked at.
    """

    def __init__(self, size: int, score: str = "general") -> None:
        super().__init__()
        if score not in ("general", "dot"):
            raise ValueError(f"attention: expected general or dot, got {score!r}")
        is_general = score == "general"
        self.weight = nn.Parameter(torch.empty(size, size)) if is_general else None

    def keys(self, memory: Tensor) -> Tensor:
        """Of memory (B, S, H), what queries are multiplied with: (B, S, H). Once a sentence."""
        return memory if self.weight is None else memory @ self.weight

    def forward(self, query: Tensor, keys: Tensor, memory: Tensor) -> Tensor:
        """Query (B, H) -> the context (B, H)."""
        scores = torch.bmm(keys, query.unsqueeze(2))  # (B, S, 1)
        return torch.bmm(scores.softmax(1).transpose(1, 2), memory).squeeze(1)


class DecoderState(NamedTuple):
    """Where a decoder stands in B hypotheses."""

    run: list[Bound]  # the layers
    layers: list[State]
    fed: Tensor  # (B, H): the attentional vector of the step before
    keys: Tensor  # (B, S, H): see GlobalAttention
    memory: Tensor  # (B, S, H): the encoder's outputs

    def select(self, rows: Tensor) -> "DecoderState":
        """That of the hypotheses `rows`, as beam search asks for."""
        rows = rows.to(self.fed.device)
        layers = [
            {name: value if value.dim() == 0 else value[rows] for name, value in state.items()}
            for state in self.layers
        ]
        return DecoderState(self.run, layers, self.fed[rows], self.keys[rows], self.memory[rows])


class Decoder(nn.Module):
    """Reads a target symbol and the attentional vector before it, makes the next such vector.

    h̃_t = tanh(W [context; h_t]), which the next step reads beside its symbol: Luong et al. (2015),
    sections 3.1 and 3.3. Because of that step t needs all of step t − 1, and the compiled layers
    run step by step.

    settings: further arguments of RecurrentLayer.
    """

    def __init__(
        self, cell: Architecture, vocabulary_size: int, *, num_layers: int, hidden_size: int,
        embedding_size: int, attention: str, dropout: float, generator: torch.Generator,
        **settings: Any,
    ) -> None:  # fmt: skip
        super().__init__()
        self.dropout, self._generator = dropout, generator
        self.embedding = nn.Parameter(torch.empty(vocabulary_size, embedding_size))
        input_sizes = [embedding_size + hidden_size, *[hidden_size] * (num_layers - 1)]
        self.layers = nn.ModuleList(
            make_layer(cell, input_size, hidden_size, generator=generator, **settings)
            for input_size in input_sizes
        )
        self.attention = GlobalAttention(hidden_size, attention)
        self.output = nn.Parameter(torch.empty(hidden_size, 2 * hidden_size))

    def begin(self, outputs: Tensor, states: list[State]) -> DecoderState:
        """Before the first symbol, given an encoder's outputs (S, B, H) and last states.

        Layer i starts from h of the encoder's layer i, and from those of its memories that both
        cells have; other memories are zero, and so are the vector fed and the steps counted.
        """
        memory = outputs.transpose(0, 1).contiguous()
        layers = recurrent_layers(self.layers)
        begun = [_taken_over(layer, state) for layer, state in zip(layers, states, strict=True)]
        run = [layer.bind(memory[:, 0]) for layer in layers]
        return DecoderState(
            run, begun, torch.zeros_like(memory[:, 0]), self.attention.keys(memory), memory
        )

    def forward(self, symbols: Tensor, state: DecoderState) -> tuple[Tensor, DecoderState]:
        """Symbols (T, B) -> attentional vectors (T, B, H), and the state after them."""
        vectors = []
        for x in self._drop(nn.functional.embedding(symbols, self.embedding)).unbind():
            vector, state = self._step(x, state)
            vectors.append(vector)
        return torch.stack(vectors), state

    def _step(self, x: Tensor, state: DecoderState) -> tuple[Tensor, DecoderState]:
        y = torch.cat((x, state.fed), dim=1).unsqueeze(0)
        layers = []
        for i, run in enumerate(state.run):
            y, next_state = run(self._drop(y) if i else y, state.layers[i])
            layers.append(next_state)
        h = y.squeeze(0)
        context = self.attention(h, state.keys, state.memory)
        vector = nn.functional.linear(torch.cat((context, h), dim=1), self.output).tanh()
        vector = self._drop(vector)
        return vector, DecoderState(state.run, layers, vector, state.keys, state.memory)

    def _drop(self, x: Tensor) -> Tensor:
        return dropout(x, self.dropout, self._generator) if self.training else x


def _taken_over(layer: RecurrentLayer, state: State) -> State:
    """The part of another layer's state that this one can go on from."""
    widths = {"h": layer.output_size}
    for name, _ in layer.cell.outputs:
        if not is_share_of_h(name):
            widths[name] = layer.hidden_size
    return {
        name: state[name]
        for name, width in widths.items()
        if name in state and state[name].shape[1] == width
    }
