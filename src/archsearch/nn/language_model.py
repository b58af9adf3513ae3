"""A stacked recurrent language model around any cell or heterogeneous layer.

Shapes: T time, B batch, V vocabulary, E embedding width, H hidden width.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from archsearch.architecture import Architecture
from archsearch.nn.cross_entropy import linear_cross_entropy
from archsearch.nn.dropout import check_rates, embedding_dropout
from archsearch.nn.head import AdaptiveSoftmax
from archsearch.nn.recurrent import RecurrentLayer
from archsearch.nn.stack import Features, Stack, State


class LanguageModel(Stack):
    """Embedding, recurrent layers, decoder to the logits of the next symbol.

    Args:
        cells: one cell, or heterogeneous layer, for all layers, or one a layer.
        embedding_size: None means hidden_size.
        tied: embedding and decoder share one matrix (Press & Wolf 2016). Where embedding_size
            differs from hidden_size the last layer is then as wide as the embedding, as in
            AWD-LSTM's code; no projection is added.
        adaptive_cutoffs: None is the full softmax. Word numbers such as [2000, 10000] make the
            decoder an AdaptiveSoftmax, several times faster where there are tens of thousands of
            words. It cannot be tied, since the vectors of rarer words are narrower.
        word_dropout: of whole words in the embedding, in training (as all dropouts).
        input_dropout, hidden_dropout, output_dropout, variational: see Stack.
        weight_dropout, recurrent_dropout: see RecurrentLayer.
        init_scale: all weights are uniform in ±init_scale. None: ±0.1 for embedding and decoder,
            RecurrentLayer's own for the layers (AWD-LSTM). Biases are zero, except those that a
            cell sets and forget_bias.
        embedding_scale: embeddings are normal with this deviation; None: like other weights. From
            ±0.1, a narrow network of several layers hears so little of a word that some cells learn
            late: see docs/measured.md, "How well a budget ranks".
        forget_bias: see RecurrentLayer.
        generator: initial weights and all dropouts are drawn from it.
    """

    def __init__(
        self,
        cells: Architecture | Sequence[Architecture],
        vocabulary_size: int,
        *,
        generator: torch.Generator,
        num_layers: int = 2,
        hidden_size: int = 200,
        embedding_size: int | None = None,
        tied: bool = False,
        adaptive_cutoffs: Sequence[int] | None = None,
        word_dropout: float = 0.0,
        input_dropout: float = 0.0,
        hidden_dropout: float = 0.0,
        output_dropout: float = 0.0,
        variational: bool = True,
        weight_dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        init_scale: float | None = None,
        embedding_scale: float | None = None,
        forget_bias: float = 0.0,
        backend: str = "auto",
    ) -> None:
        super().__init__(
            input_dropout=input_dropout,
            hidden_dropout=hidden_dropout,
            output_dropout=output_dropout,
            variational=variational,
            generator=generator,
        )
        check_rates(word_dropout=word_dropout)
        if tied and adaptive_cutoffs is not None:
            raise ValueError(
                f"adaptive_cutoffs: expected null with tied=true, got {list(adaptive_cutoffs)}: "
                "its vectors of rarer words are narrower than the embedding's. Try tied=false"
            )
        embedding_size = embedding_size or hidden_size
        self.word_dropout = word_dropout

        # Plain parameters: nn.Embedding and nn.Linear would draw from the global generator.
        self.embedding = nn.Parameter(torch.empty(vocabulary_size, embedding_size))
        last_size = embedding_size if tied else hidden_size
        widths = [embedding_size, *[hidden_size] * (num_layers - 1), last_size]
        layers = self.make_layers(
            _one_for_each_layer(cells, num_layers),
            widths,
            backend=backend,
            weight_dropout=weight_dropout,
            recurrent_dropout=recurrent_dropout,
            forget_bias=forget_bias,
        )
        self.tied = tied
        self.free_decoder = self.decoder_bias = self.adaptive_softmax = None
        if adaptive_cutoffs is not None:
            self.adaptive_softmax = AdaptiveSoftmax(last_size, vocabulary_size, adaptive_cutoffs)
        elif not tied:
            self.free_decoder = nn.Parameter(torch.empty(vocabulary_size, last_size))
        if adaptive_cutoffs is None:
            self.decoder_bias = nn.Parameter(torch.zeros(vocabulary_size))
        self._draw_weights(layers, init_scale, embedding_scale)

    @property
    def decoder(self) -> nn.Parameter | None:
        """The decoder's matrix (V, width of the last layer); the embedding itself when tied.

        None with an adaptive softmax, which has several.
        """
        return self.embedding if self.tied else self.free_decoder

    def forward(self, symbols: Tensor, states: list[State] | None = None) -> Features:
        """Read symbols (T, B), starting from `states` (None: zeros)."""
        word_rate = self.word_dropout if self.training else 0.0
        embedded = embedding_dropout(symbols, self.embedding, word_rate, self._generator)
        return self.read(embedded, states)

    def loss(self, features: Features, targets: Tensor) -> Tensor:
        """Mean cross entropy of targets (T, B), in nats a symbol."""
        return self.loss_of_rows(features.dropped.flatten(0, 1), targets.flatten())

    def loss_of_rows(self, rows: Tensor, targets: Tensor) -> Tensor:
        """The same of single rows (N, width of the last layer) of `Features.dropped`, whose targets
        are (N,)."""
        if self.adaptive_softmax is not None:
            loss: Tensor = self.adaptive_softmax(rows, targets)
            return loss
        assert self.decoder is not None
        assert self.decoder_bias is not None
        return linear_cross_entropy(rows, self.decoder, self.decoder_bias, targets)

    def logits(self, features: Features) -> Tensor:
        """(T, B, V); log-probabilities where the softmax is adaptive."""
        if self.adaptive_softmax is not None:
            return self.adaptive_softmax.log_probabilities(features.dropped)
        assert self.decoder is not None
        return nn.functional.linear(features.dropped, self.decoder, self.decoder_bias)

    @torch.no_grad()
    def _draw_weights(
        self, layers: list[RecurrentLayer], scale: float | None, embedding_scale: float | None
    ) -> None:
        ends = 0.1 if scale is None else scale
        if embedding_scale is None:
            self.embedding.uniform_(-ends, ends, generator=self._generator)
        else:
            self.embedding.normal_(std=embedding_scale, generator=self._generator)
        if scale is not None:
            for layer in layers:
                for weight in layer.weights:
                    weight.uniform_(-scale, scale, generator=self._generator)
        for weight in self._decoder_weights():
            weight.uniform_(-ends, ends, generator=self._generator)

    def _decoder_weights(self) -> list[nn.Parameter]:
        """The decoder's matrices, but not the embedding."""
        if self.adaptive_softmax is not None:
            return self.adaptive_softmax.weights
        return [] if self.free_decoder is None else [self.free_decoder]


def activation_penalty(features: Features, alpha: float, beta: float) -> Tensor:
    """α·mean(h²) of the dropped output + β·mean((h_t − h_{t−1})²) of the raw output.

    Activation and temporal activation regularisation of the last layer: Merity et al., Revisiting
    Activation Regularization for Language RNNs (2017); means over all elements as in AWD-LSTM.
    """
    penalty = features.raw.new_zeros(())
    if alpha:
        penalty = penalty + alpha * features.dropped.square().mean()
    if beta and features.raw.shape[0] > 1:
        penalty = penalty + beta * (features.raw[1:] - features.raw[:-1]).square().mean()
    return penalty


def _one_for_each_layer(
    cells: Architecture | Sequence[Architecture], num_layers: int
) -> Sequence[Architecture]:
    if not isinstance(cells, Sequence):
        return [cells] * num_layers
    if len(cells) != num_layers:
        raise ValueError(
            f"expected one cell, or {num_layers} (one a layer), got {len(cells)} cells"
        )
    return cells
