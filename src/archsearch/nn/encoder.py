"""The encoder of an encoder-decoder.

Shapes: S source steps, B batch, E embedding width, H hidden width.
"""

from typing import Any

import torch
from torch import Tensor, nn

from archsearch.architecture import Architecture
from archsearch.nn.dropout import dropout
from archsearch.nn.stack import State, make_layer


class Encoder(nn.Module):
    """Embedding and recurrent layers; the first one may read in both directions.

    In both directions: two layers of H/2 features, whose outputs and states stand side by side, so
    that all that follows is as wide as otherwise (OpenNMT). Wu et al., Google's Neural Machine
    Translation System (2016), section 3.2, from which it comes that only the first layer does so,
    have two of H.

    All sentences of a batch are S symbols long, none is padded: so every state after the last step
    is that of a whole sentence, for a cell with whatever memories and in either direction.

    settings: further arguments of RecurrentLayer.
    """

    def __init__(
        self, cell: Architecture, vocabulary_size: int, *, num_layers: int, hidden_size: int,
        embedding_size: int, bidirectional_first_layer: bool, dropout: float,
        generator: torch.Generator, **settings: Any,
    ) -> None:  # fmt: skip
        super().__init__()
        if bidirectional_first_layer and hidden_size % 2:
            raise ValueError(
                "bidirectional_first_layer: expected an even budget.hidden_size, of which each "
                f"direction gets half, got {hidden_size}"
            )
        self.dropout, self._generator = dropout, generator
        self.embedding = nn.Parameter(torch.empty(vocabulary_size, embedding_size))
        settings = {**settings, "generator": generator}
        first_size = hidden_size // 2 if bidirectional_first_layer else hidden_size
        first = make_layer(cell, embedding_size, first_size, **settings)
        others = [
            make_layer(cell, hidden_size, hidden_size, **settings) for _ in range(num_layers - 1)
        ]
        self.layers = nn.ModuleList([first, *others])
        self.backward_layer = (
            make_layer(cell, embedding_size, first_size, **settings)
            if bidirectional_first_layer
            else None
        )

    def forward(self, symbols: Tensor) -> tuple[Tensor, list[State]]:
        """Symbols (S, B) -> outputs of the last layer (S, B, H), and every layer's last state."""
        y = nn.functional.embedding(symbols, self.embedding)
        states: list[State] = []
        for i, layer in enumerate(self.layers):
            x = self._drop(y)
            y, state = layer(x)
            if i == 0 and self.backward_layer is not None:
                from_behind, backward_state = self.backward_layer(x.flip(0))
                y = torch.cat((y, from_behind.flip(0)), dim=2)
                state = _side_by_side(state, backward_state)
            states.append(state)
        return y, states

    def _drop(self, x: Tensor) -> Tensor:
        return dropout(x, self.dropout, self._generator) if self.training else x


def _side_by_side(first: State, second: State) -> State:
    """States (B, H/2) as one (B, H); the scalar "t" is the same in both."""
    return {
        name: value if value.dim() == 0 else torch.cat((value, second[name]), dim=1)
        for name, value in first.items()
    }
