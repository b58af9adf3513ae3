"""A stacked recurrent language model."""

from collections.abc import Iterable, Sequence

from torch import Tensor, nn

from archsearch.export.parts.recurrent import State, through


class Model(nn.Module):
    """Embedding, recurrent layers, decoder to the logits of the next symbol.

    Dropout, which trained with it, is left out: the outputs are those of evaluation.
    """

    def __init__(
        self, embedding: nn.Embedding, layers: Iterable[nn.Module], decoder: nn.Module
    ) -> None:
        super().__init__()
        self.embedding = embedding
        self.layers = nn.ModuleList(layers)
        self.decoder = decoder

    def forward(
        self, symbols: Tensor, states: Sequence[State] | None = None
    ) -> tuple[Tensor, list[State]]:
        """symbols (T, B) -> logits (T, B, V), and the last state of each layer.

        states: where the layers start from; None: zeros.
        """
        y, states = through(self.layers, self.embedding(symbols), states)
        return self.decoder(y), states
