"""The seam between tasks and `python -m archsearch.sample`."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch

from archsearch.train.budget import Budget


@dataclass(frozen=True, slots=True)
class SampleRequest:
    """What is asked for. Seconds are those of the finished piece."""

    seconds: float  # of what the network makes
    prime_seconds: float  # of the given piece before that, which the network goes on from
    piece: int  # of the test split, counted from 0

    def __post_init__(self) -> None:
        for name, least in (("seconds", 0), ("prime_seconds", 0), ("piece", -1)):
            if not getattr(self, name) > least:
                raise ValueError(f"{name}: expected more than {least}, got {getattr(self, name)}")


@runtime_checkable
class Sampler(Protocol):
    """A task whose trained networks can make something new."""

    sample_suffix: str  # of the file, such as ".mid"

    def sample(
        self,
        network: torch.nn.Module,
        budget: Budget,
        request: SampleRequest,
        generator: torch.Generator,
    ) -> bytes:
        """The content of a file. All draws are from `generator`."""
        ...
