"""Dropouts that draw from a generator of their own.

Shapes: T time, B batch, F features, V words.
"""

import torch
from torch import Tensor


def check_rates(**rates: float) -> None:
    """Raise ValueError for a dropout that is no probability below 1."""
    for name, rate in rates.items():
        if not 0.0 <= rate < 1.0:
            raise ValueError(f"{name}: expected at least 0 and below 1, got {rate}")


def keep_mask(
    shape: tuple[int, ...], rate: float, generator: torch.Generator, like: Tensor
) -> Tensor:
    """Zeros with probability `rate`, else 1 / (1 − rate); with `like`'s dtype and device.

    Drawn on the generator's device, so that a GPU run sees the masks of a CPU run, and in float32
    whatever the dtype, so that a rate is kept to more than its digits. Tensor.bernoulli_ takes four
    times as long.
    """
    drawn = torch.rand(shape, dtype=torch.float32, device=generator.device, generator=generator)
    return drawn.ge_(rate).div_(1.0 - rate).to(like)


def dropout(x: Tensor, rate: float, generator: torch.Generator) -> Tensor:
    """A new draw for every element, thus every time step (Zaremba et al. 2014, section 3.2)."""
    if rate == 0.0:
        return x
    return x * keep_mask(tuple(x.shape), rate, generator, x)


def variational_dropout(x: Tensor, rate: float, generator: torch.Generator) -> Tensor:
    """One mask a sequence: x (T, B, F) is multiplied by the same (B, F) mask at every time step.

    Gal & Ghahramani, A Theoretically Grounded Application of Dropout in RNNs (2016), section 4.
    """
    if rate == 0.0:
        return x
    _, batch, features = x.shape
    return x * keep_mask((1, batch, features), rate, generator, x)


def embedding_dropout(
    symbols: Tensor, weight: Tensor, rate: float, generator: torch.Generator
) -> Tensor:
    """Embed symbols (T, B) with weight (V, F) after dropping whole words: (T, B, F).

    A dropped word is zero wherever it occurs in the sequence; the rest is scaled by 1 / (1 − rate).
    Gal & Ghahramani 2016, section 4.2; Merity et al., AWD-LSTM (2017), section 4.3.
    """
    embedded = torch.nn.functional.embedding(symbols, weight)
    if rate == 0.0:
        return embedded
    kept = keep_mask((weight.shape[0],), rate, generator, weight)
    return embedded * kept[symbols].unsqueeze(-1)
