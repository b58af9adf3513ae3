"""An attentional encoder-decoder."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from archsearch.export.parts.recurrent import State, over_time
from archsearch.nn.decoder import GlobalAttention


class Encoder(nn.Module):
    """source (S, B) -> outputs of the last layer (S, B, H), and the last state of each.

    backward_layer: reads from behind what the first layer reads; their outputs and
    states stand side by side.
    """

    def __init__(
        self,
        embedding: nn.Embedding,
        layers: Iterable[nn.Module],
        backward_layer: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.embedding = embedding
        self.layers = nn.ModuleList(layers)
        self.backward_layer = backward_layer

    def forward(self, source: Tensor) -> tuple[Tensor, list[State]]:
        x, states = self.embedding(source), []
        for i, layer in enumerate(self.layers):
            y, state = layer(x)
            if i == 0 and self.backward_layer is not None:
                from_behind, other = self.backward_layer(x.flip(0))
                y = torch.cat((y, from_behind.flip(0)), 2)
                state = {name: beside(state[name], other[name]) for name in state}
            states.append(state)
            x = y
        return x, states


def beside(a: Tensor, b: Tensor) -> Tensor:
    """(B, H / 2) twice as (B, H); a number of steps is the same in both."""
    return a if a.dim() == 0 else torch.cat((a, b), 1)


class Decoder(nn.Module):
    """Reads a symbol beside the attentional vector before it, and makes the next one.

    h̃_t = tanh(W [context; h_t]): Luong et al. (2015), sections 3.1 and 3.3.
    """

    def __init__(
        self,
        embedding: nn.Embedding,
        layers: Iterable[nn.Module],
        attention: GlobalAttention,
        output: nn.Linear,
    ) -> None:
        super().__init__()
        self.embedding = embedding
        self.layers = nn.ModuleList(layers)
        self.attention = attention
        self.output = output

    def forward(
        self, symbols: Tensor, outputs: Tensor, states: Sequence[State]
    ) -> Tensor:
        """symbols (T, B) -> vectors (T, B, H), given an encoder's outputs and states.

        Layer i starts from h of the encoder's layer i, and from those of its memories
        that both cells have; other memories are zero.
        """
        memory = outputs.transpose(0, 1)
        keys = self.attention.keys(memory)

        def step(x_t: Tensor, state: State) -> tuple[Tensor, State]:
            return self._step(x_t, state, keys, memory)

        x = self.embedding(symbols)
        vectors, _ = over_time(step, x, self._initial_state(x[0], memory[:, 0], states))
        return vectors

    def _initial_state(
        self, x_t: Tensor, like_h: Tensor, states: Sequence[State]
    ) -> State:
        fed = torch.zeros_like(like_h)
        joined = {"fed": fed}
        y_t = torch.cat((x_t, fed), 1)
        for i, (layer, given) in enumerate(zip(self.layers, states, strict=True)):
            for name, zeros in layer.cell.initial_state(y_t).items():
                known = name not in ("x", "t") and name in given
                fits = known and given[name].shape[1] == zeros.shape[1]
                joined[f"{i}.{name}"] = given[name] if fits else zeros
            y_t = like_h
        return joined

    def _step(
        self, x_t: Tensor, state: State, keys: Tensor, memory: Tensor
    ) -> tuple[Tensor, State]:
        after: State = {}
        y_t = torch.cat((x_t, state["fed"]), 1)
        for i, layer in enumerate(self.layers):
            prefix = f"{i}."
            own = {
                name.removeprefix(prefix): value
                for name, value in state.items()
                if name.startswith(prefix)
            }
            y_t, own = layer.cell(y_t, own)
            after |= {prefix + name: value for name, value in own.items()}
        context = self.attention(y_t, keys, memory)
        vector = self.output(torch.cat((context, y_t), 1)).tanh()
        return vector, after | {"fed": vector}


class Model(nn.Module):
    """Encoder, and a decoder with attention and input feeding.

    Dropout, which trained with it, is left out: the outputs are those of evaluation.
    """

    def __init__(self, encoder: Encoder, decoder: Decoder, softmax: nn.Linear) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.softmax = softmax

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """source (S, B), target (T, B) -> logits of what follows each target (T, B, V).

        All sources are S symbols long and end with "</s>"; targets begin with "<s>".
        """
        return self.softmax(self.decoder(target, *self.encoder(source)))
