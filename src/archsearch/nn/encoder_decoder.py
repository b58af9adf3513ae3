"""An attentional encoder-decoder with any cell or heterogeneous layer in encoder, decoder or both.

Shapes: S source steps, T target steps, B batch, E embedding width, H hidden width, V target
vocabulary.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import torch
from torch import Tensor, nn

from archsearch.architecture import Architecture
from archsearch.cell import zoo
from archsearch.nn.beam_search import Beam, beam_search
from archsearch.nn.cross_entropy import linear_cross_entropy
from archsearch.nn.decoder import Decoder, DecoderState
from archsearch.nn.dropout import check_rates, dropout
from archsearch.nn.stack import State, make_layer, recurrent_layers

_ROWS = 64  # whose multiples are few


class Searched(StrEnum):
    """Where the given cell goes; the other side has the zoo's LSTM."""

    ENCODER = "encoder"
    DECODER = "decoder"
    BOTH = "both"


class EncoderDecoder(nn.Module):
    """Encoder, and a decoder with attention and input feeding, to the logits of the next symbol.

    Luong, Pham, Manning (2015); as in Schrimpf et al. (2017) the candidate is in the encoder unless
    `searched` says otherwise.

    Args:
        searched: a value of `Searched`.
        attention: how GlobalAttention scores, "general" or "dot".
        bidirectional_first_layer: of the encoder; see there.
        embedding_size: None means hidden_size.
        dropout: on what enters a recurrent layer and on attentional vectors, drawn again at every
            step (Zaremba et al. 2014); the vector fed to the next step is the dropped one.
        init_scale: all weights are uniform in ±init_scale. None: ±0.1 outside of the layers,
            RecurrentLayer's own in them. Biases are zero, but for what a cell or forget_bias sets.
        embedding_scale: embeddings are normal with this deviation; None: like other weights. From
            ±0.1, what two layers make of a word is so small that attention learns late: after one
            and two epochs of Multi30k a network like this one, of torch.nn's LSTM, had a perplexity
            of 42.8 and 26.1; with a deviation of 1 and a forget_bias of 1 this one had 18.4 and
            10.8 (Adam).
        forget_bias: see RecurrentLayer.
        generator: initial weights and all dropouts are drawn from it.
    """

    def __init__(
        self,
        cell: Architecture,
        source_size: int,
        target_size: int,
        *,
        generator: torch.Generator,
        num_layers: int = 2,
        hidden_size: int = 300,
        embedding_size: int | None = None,
        searched: str = Searched.ENCODER,
        attention: str = "general",
        bidirectional_first_layer: bool = False,
        dropout: float = 0.0,
        init_scale: float | None = None,
        embedding_scale: float | None = None,
        forget_bias: float = 0.0,
        backend: str = "auto",
    ) -> None:
        super().__init__()
        if searched not in tuple(Searched):
            raise ValueError(f"searched: expected {' or '.join(Searched)}, got {searched!r}")
        check_rates(dropout=dropout)
        sizes = {
            "num_layers": num_layers,
            "hidden_size": hidden_size,
            "embedding_size": embedding_size or hidden_size,
        }
        settings: dict[str, Any] = {"forget_bias": forget_bias, "backend": backend}
        lstm = zoo["lstm"]
        self.encoder = Encoder(
            lstm if searched == Searched.DECODER else cell, source_size, dropout=dropout,
            bidirectional_first_layer=bidirectional_first_layer, generator=generator,
            **sizes, **settings,
        )  # fmt: skip
        self.decoder = Decoder(
            lstm if searched == Searched.ENCODER else cell, target_size, dropout=dropout,
            attention=attention, generator=generator, **sizes, **settings,
        )  # fmt: skip
        self.softmax_weight = nn.Parameter(torch.empty(target_size, hidden_size))
        self.softmax_bias = nn.Parameter(torch.zeros(target_size))
        self._draw_weights(init_scale, embedding_scale, generator)

    def forward(self, source: Tensor, inputs: Tensor) -> Tensor:
        """Read source (S, B) and target symbols (T, B): attentional vectors (T, B, H)."""
        vectors: Tensor = self.decoder(inputs, self._begin(source))[0]
        return vectors

    def loss_of_rows(self, rows: Tensor, targets: Tensor) -> Tensor:
        """Mean cross entropy, in nats, of targets (N,) after attentional vectors (N, H).

        Under autocast only a multiple of 64 rows is rounded. torch keeps what it has prepared for
        every number of rows that it meets in a rounded product, 9 MB each at Multi30k's size, and
        sentences without their padding have almost as many such numbers as there are batches.
        """
        num = len(rows)
        num_rest = num % _ROWS if torch.is_autocast_enabled(rows.device.type) else 0
        if num_rest == 0:
            return self._loss(rows, targets)
        with torch.autocast(rows.device.type, enabled=False):
            rest = self._loss(rows[num - num_rest :].float(), targets[num - num_rest :])
        if num_rest == num:
            return rest
        rounded = self._loss(rows[: num - num_rest], targets[: num - num_rest])
        return rounded + (rest - rounded) * (num_rest / num)

    def _loss(self, rows: Tensor, targets: Tensor) -> Tensor:
        return linear_cross_entropy(rows, self.softmax_weight, self.softmax_bias, targets)

    @torch.no_grad()
    def translate(
        self, source: Tensor, beam: Beam, *, begin: int, end: int, never: Sequence[int],
        max_length: int,
    ) -> list[list[int]]:  # fmt: skip
        """The translations of source (S, B) that `beam_search` finds, without symbols `never`."""

        def step(symbols: Tensor, state: DecoderState) -> tuple[Tensor, DecoderState]:
            vectors, state = self.decoder(symbols.to(source.device).unsqueeze(0), state)
            logits = nn.functional.linear(vectors[0], self.softmax_weight, self.softmax_bias)
            logits[:, list(never)] = -torch.inf
            return logits.log_softmax(1), state

        return beam_search(
            step, self._begin(source), source.shape[1], beam,
            begin=begin, end=end, max_length=max_length,
        )  # fmt: skip

    def _begin(self, source: Tensor) -> DecoderState:
        state: DecoderState = self.decoder.begin(*self.encoder(source))
        return state

    @torch.no_grad()
    def _draw_weights(
        self, scale: float | None, embedding_scale: float | None, generator: torch.Generator
    ) -> None:
        inside = {
            id(weight)
            for layer in recurrent_layers(self.modules())
            for weight in layer.parameters()
        }
        for weight in self.parameters():
            is_bias = weight.dim() == 1
            if not is_bias and (scale is not None or id(weight) not in inside):
                weight.uniform_(-(scale or 0.1), scale or 0.1, generator=generator)
        if embedding_scale is not None:
            for embedding in (self.encoder.embedding, self.decoder.embedding):
                embedding.normal_(std=embedding_scale, generator=generator)


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
