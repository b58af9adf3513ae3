"""A stacked recurrent network from frames of music to what sounds in the next.

Shapes: T time, B batch, K keys.
"""

import torch
from torch import Tensor, nn

from archsearch.architecture import Architecture
from archsearch.nn.stack import Features, Stack, State


class FrameModel(Stack):
    """Recurrent layers over piano rolls, decoder to one logit a key.

    threshold: the probability from which a key counts as predicted. Chosen on validation data by
    who trains the network, it is saved with the weights.

    Args:
        cell: of all layers.
        input_dropout, hidden_dropout, output_dropout, variational: see Stack.
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
        super().__init__(
            input_dropout=input_dropout,
            hidden_dropout=hidden_dropout,
            output_dropout=output_dropout,
            variational=variational,
            generator=generator,
        )
        self.make_layers(
            [cell] * num_layers,
            [num_keys, *[hidden_size] * num_layers],
            backend=backend,
            weight_dropout=weight_dropout,
            recurrent_dropout=recurrent_dropout,
            forget_bias=forget_bias,
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
        return self.read(frames, states)

    def logits(self, features: Features) -> Tensor:
        """Of the keys that sound in the next frame: (T, B, K)."""
        return nn.functional.linear(features.dropped, self.decoder, self.decoder_bias)


def frame_nll(logits: Tensor, targets: Tensor) -> Tensor:
    """The binary cross entropy of every frame, in nats, summed over its keys: (T, B)."""
    return nn.functional.binary_cross_entropy_with_logits(
        logits.float(), targets.float(), reduction="none"
    ).sum(-1)
