"""Weights from a file: safetensors and nothing else, since other formats can run code."""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from archsearch.config import ConfigError


def load_weights(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a file by name. Raises ConfigError for a file of another kind."""
    try:
        return load_file(path)
    except SafetensorError as error:
        raise ConfigError(
            f"{path}: expected weights in the format of safetensors, got another or a damaged file "
            f"({error}), which is not read"
        ) from None


def load_into(network: torch.nn.Module, path: Path) -> None:
    """Give the network the weights of a file. Raises ConfigError where they are not its own."""
    try:
        network.load_state_dict(load_weights(path))
    except RuntimeError as error:
        raise ConfigError(
            f"the weights in {path} are those of another network: "
            f"{' '.join(str(error).split())[:300]}"
        ) from None
