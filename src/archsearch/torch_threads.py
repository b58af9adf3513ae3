"""How many threads torch has.

With several, the order of a sum is another than with one, and the gradient of an indexed tensor,
which they add up by turns, is another in every process.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def torch_threads(number: int | None) -> Iterator[None]:
    """Inside, torch has so many threads; None: as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(number or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
