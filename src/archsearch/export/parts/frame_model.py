"""A stacked recurrent network over frames of music."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from archsearch.export.parts.recurrent import State, through


class Model(nn.Module):
    """Recurrent layers over piano rolls, decoder to the logits of what sounds next.

    threshold: the probability from which a key counts as predicted.
    Dropout, which trained with it, is left out: the outputs are those of evaluation.
    """

    def __init__(self, layers: Iterable[nn.Module], decoder: nn.Linear) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.decoder = decoder
        self.register_buffer("threshold", torch.tensor(0.5))

    def forward(
        self, frames: Tensor, states: Sequence[State] | None = None
    ) -> tuple[Tensor, list[State]]:
        """frames (T, B, K), floats 0 and 1 -> logits of the keys in the next (T, B, K).

        Also the last state of each layer. states: where they start from; None: zeros.
        """
        y, states = through(self.layers, frames, states)
        return self.decoder(y), states
