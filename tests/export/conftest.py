from collections.abc import Callable
from types import ModuleType

import pytest
from safetensors.torch import save_file
from torch import nn
from torch_settings import torch_settings

from archsearch.architecture import Architecture
from archsearch.export.networks import code_of
from archsearch.export.python_file import loaded, python_file
from archsearch.export.subject import Subject

__all__ = ["torch_settings"]


@pytest.fixture
def module_of(tmp_path) -> Callable[[nn.Module, Architecture], ModuleType]:
    """The exported file of a network as a module, its weights beside it."""

    def make(network: nn.Module, architecture: Architecture) -> ModuleType:
        code = code_of(network, architecture)
        (tmp_path / "model.py").write_text(python_file(code, "A network.", "model.safetensors"))
        weights = {name: value.contiguous() for name, value in code.weights().items()}
        save_file(weights, tmp_path / "model.safetensors")
        return loaded(tmp_path / "model.py")

    return make


@pytest.fixture
def subject_of(tmp_path) -> Callable[[nn.Module, Architecture], Subject]:
    """A network as if it had been trained."""

    def make(network: nn.Module, architecture: Architecture) -> Subject:
        code = code_of(network.eval(), architecture)
        return Subject(tmp_path, architecture, code, True, None, "A network.", {"schema": 1})

    return make
