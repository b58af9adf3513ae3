import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

# The toy search is a module of its own because worker processes import it too.
sys.path.insert(0, str(Path(__file__).parent.parent / "toys"))


@pytest.fixture(autouse=True)
def denormals_as_before() -> Iterator[None]:
    yield
    torch.set_flush_denormal(False)  # which an evaluator sets for its process
