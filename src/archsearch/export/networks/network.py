"""The seam between networks and what is exported of them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any, NamedTuple

import torch
from torch import Tensor

from archsearch.export.layers import LayerCode

Tensors = dict[str, Tensor]  # by the name of an input or output of the exported graph


class Shape(NamedTuple):
    """The free sizes of an input."""

    length: int
    batch: int


# The shape that graphs are traced with, and another, in which every free size is another one.
TRACED, OTHER = Shape(7, 3), Shape(12, 2)
EXTRA_STEPS = 2  # by which a source is longer than its target
_AXES = {
    TRACED.length: "length",
    TRACED.length + EXTRA_STEPS: "source_length",
    TRACED.batch: "batch",
}


class Network(ABC):
    """A network of archsearch.nn as code, and what goes in and comes out of both.

    kind: what it is, for readers.
    usage: a line of Python that uses the exported model.
    shapes: what T, B, … are.
    part: the module of `archsearch.export.parts` that has its `Model`; None: that is generated.
    layers: the code of its recurrent layers; None where it has none.
    """

    kind: str
    usage: str
    shapes: str
    part: ModuleType | None = None
    layers: LayerCode | None = None
    tied: Mapping[str, str] = {}  # names of parameters that are others, which alone are saved

    @property
    def own_sources(self) -> Sequence[str]:
        """Classes that are generated for it, beside those of cells."""
        return ()

    @abstractmethod
    def build(self) -> list[str]:
        """The function `build` of the file, which gives the network without its weights."""

    @abstractmethod
    def weights(self) -> Tensors:
        """Its weights under the names that they have in the code."""

    @abstractmethod
    def inputs(self, length: int, batch: int, generator: torch.Generator) -> Tensors:
        """Some inputs, in the order in which `exported` has them."""

    @abstractmethod
    def trained(self, inputs: Tensors) -> Tensors:
        """What the network itself makes of inputs."""

    def axes(self) -> dict[str, dict[int, str]]:
        """By input, its axes of free size: those that differ between two shapes."""
        traced, other = (
            self.inputs(*shape, torch.Generator().manual_seed(0)) for shape in (TRACED, OTHER)
        )
        return {
            name: {
                axis: _AXES[size]
                for axis, (size, changed) in enumerate(
                    zip(value.shape, other[name].shape, strict=True)
                )
                if size != changed
            }
            for name, value in traced.items()
        }

    @abstractmethod
    def exported(self, model: Callable[..., Any], inputs: Tensors) -> Tensors:
        """What the exported model makes of them, under the same names."""
