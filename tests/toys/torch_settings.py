"""The fixture of tests that train: for a conftest to import, since not all tests may need torch."""

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(autouse=True)
def torch_settings() -> Iterator[None]:
    """One thread; and what a training sets for its process is taken back."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
    torch.set_flush_denormal(False)
