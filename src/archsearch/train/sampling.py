"""The seam between tasks and `python -m archsearch.sample`."""

from typing import Any, Protocol, runtime_checkable

import torch

from archsearch.train.budget import Budget


@runtime_checkable
class Sampler(Protocol):
    """A task whose trained networks can make something new.

    sample_request: a dataclass of what may be asked for, by names of conf/sample.yaml; all of its
        fields have a value for what is not said.
    sample_suffix: of the file, such as ".mid"; None: text, which may also go to standard output.
    """

    sample_request: type[Any]
    sample_suffix: str | None

    def sample(
        self,
        network: torch.nn.Module,
        budget: Budget,
        request: Any,
        generator: torch.Generator,
    ) -> bytes:
        """The content of a file. All draws are from `generator`."""
        ...


def check_least(request: object, **least: float) -> None:
    """Raise ValueError where a field of a request is not more than its least value."""
    for name, value in least.items():
        if not getattr(request, name) > value:
            raise ValueError(f"{name}: expected more than {value}, got {getattr(request, name)}")
