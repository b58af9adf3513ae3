"""A stacked recurrent network from frames of music to what sounds in the next.

Shapes: T time, B batch, K keys.
"""

import torch
from torch import Tensor, nn

from archsearch.architecture import Architecture
from archsearch.nn.dropout import dropout, variational_dropout
from archsearch.nn.heterogeneous import make_layer
from archsearch.nn.language_model import Features, State


class FrameModel(nn.Module):
    """Recurrent layers over piano rolls, decoder to one logit a key.

    threshold: the probability from which a key counts as predicted. Chosen on validation data by
    who trains the network, it is saved with the weights.

    Args:
        cell: of all layers.
        input_dropout, hidden_dropout, output_dropout: on what enters the first layer, between
            layers, and on what leaves the last.
        variational: one mask a sequence for those three (Gal & Ghahramani 2016); False draws a
            new one at every step.
        weight_dropout, recurrent_dropout, forget_bias: see RecurrentLayer.
        generator: initial weights and all dropouts are drawn from it.
    """

    threshold: Tensor

    def __init__(
        self,
        cell: Architecture,
        num_keys: int,
        *,
        generator: torch.Generator,
        num_layers: int = 1,
        hidden_size: int = 128,
        input_dropout: float = 0.0,
        hidden_dropout: float = 0.0,
        output_dropout: float = 0.0,
        variational: bool = True,
        weight_dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        forget_bias: float = 0.0,
        backend: str = "auto",
    ) -> None:
        super().__init__()
        rates = (input_dropout, hidden_dropout, output_dropout)
        for name, rate in zip(("input", "hidden", "output"), rates, strict=True):
            if not 0.0 <= rate < 1.0:
                raise ValueError(f"{name}_dropout: expected at least 0 and below 1, got {rate}")
        self.input_dropout = input_dropout
        self.hidden_dropout = hidden_dropout
        self.output_dropout = output_dropout
        self.variational = variational
        self._generator = generator
        self.layers = nn.ModuleList(
            make_layer(
                cell,
                input_size,
                hidden_size,
                backend=backend,
                weight_dropout=weight_dropout,
                recurrent_dropout=recurrent_dropout,
                forget_bias=forget_bias,
                generator=generator,
            )
            for input_size in [num_keys, *[hidden_size] * (num_layers - 1)]
        )
        # Plain parameters: nn.Linear would draw from the global generator.
        self.decoder = nn.Parameter(torch.empty(num_keys, hidden_size))
        self.decoder_bias = nn.Parameter(torch.zeros(num_keys))
        self.register_buffer("threshold", torch.tensor(0.5))
        bound = hidden_size**-0.5
        with torch.no_grad():
            self.decoder.uniform_(-bound, bound, generator=generator)

    def forward(self, frames: Tensor, states: list[State] | None = None) -> Features:
        """Read frames (T, B, K), of floats, starting from `states` (None: zeros)."""
        x = self._drop(frames, self.input_dropout)
        y, next_states = x, []
        for i, layer in enumerate(self.layers):
            y, state = layer(x, None if states is None else states[i])
            next_states.append(state)
            x = self._drop(y, self.hidden_dropout) if i + 1 < len(self.layers) else y
        return Features(self._drop(y, self.output_dropout), y, next_states)

    def logits(self, features: Features) -> Tensor:
        """Of the keys that sound in the next frame: (T, B, K)."""
        return nn.functional.linear(features.dropped, self.decoder, self.decoder_bias)

    def _drop(self, x: Tensor, rate: float) -> Tensor:
        if not self.training:
            return x
        drop = variational_dropout if self.variational else dropout
        return drop(x, rate, self._generator)


def frame_nll(logits: Tensor, targets: Tensor) -> Tensor:
    """The binary cross entropy of every frame, in nats, summed over its keys: (T, B)."""
    return nn.functional.binary_cross_entropy_with_logits(
        logits.float(), targets.float(), reduction="none"
    ).sum(-1)
