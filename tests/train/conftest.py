from collections.abc import Callable
from functools import partial

import pytest
from torch_settings import torch_settings

from archsearch.data import load_xml
from archsearch.nn import LanguageModel
from archsearch.train import Adam, Budget, LanguageTask, Training

__all__ = ["torch_settings"]


@pytest.fixture(scope="session")
def task() -> LanguageTask:
    corpus = partial(load_xml, train_symbols=2000, valid_symbols=400, test_symbols=300)
    return LanguageTask("xml", corpus)


@pytest.fixture
def model() -> Callable[..., LanguageModel]:
    return partial(LanguageModel, tied=True)


@pytest.fixture
def budget() -> Callable[..., Budget]:
    """A budget of a few segments, with what a test changes."""
    small = {
        "epochs": 2, "num_layers": 1, "hidden_size": 12, "batch_size": 8, "unroll_steps": 25,
    }  # fmt: skip
    return lambda **changes: Budget("test", **{**small, **changes})


@pytest.fixture
def adam() -> Training:
    return Training("adam", Adam(lr=1e-2), clip_norm=1.0)
