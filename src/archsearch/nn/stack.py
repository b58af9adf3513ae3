"""Recurrent layers above each other, and what they make of a sequence.

Shapes: T time, B batch.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from archsearch.architecture import Architecture, HeterogeneousLayer
from archsearch.cell import Cell
from archsearch.nn.dropout import check_rates, dropout, variational_dropout
from archsearch.nn.recurrent import RecurrentLayer


def make_layer(
    architecture: Architecture, input_size: int, output_size: int, **settings: Any
) -> RecurrentLayer:
    """The layer of a cell, or a heterogeneous one: x (T, B, input_size) -> (T, B, output_size).

    The shares of a heterogeneous layer become one RecurrentLayer: their cells are one graph of a
    step with a hidden state for each share, compiled like that of a single cell.

    settings: further arguments of RecurrentLayer.
    """
    if isinstance(architecture, Cell):
        return RecurrentLayer(architecture, input_size, output_size, **settings)
    if not isinstance(architecture, HeterogeneousLayer):
        raise ValueError(
            "a recurrent layer: expected a cell or a heterogeneous layer, got a "
            f"{type(architecture).__name__}; cell_space=gp_tree has cells, and task=cifar10 wants "
            "networks of convolutions"
        )
    num_shares = len(architecture.cells)
    share_size, rest = divmod(output_size, num_shares)
    if rest:
        raise ValueError(
            f"a layer of {output_size} units cannot be cut into {num_shares} equal shares; "
            f"try a multiple of {num_shares}, such as budget.hidden_size="
            f"{(share_size + 1) * num_shares}"
        )
    return RecurrentLayer(architecture, input_size, share_size, **settings)


State = dict[str, Tensor]  # one layer's state, as RecurrentLayer defines it


class Features(NamedTuple):
    """What the recurrent layers make of a sequence, before the decoder."""

    dropped: Tensor  # (T, B, width of the last layer), with output dropout: what is decoded
    raw: Tensor  # the same without output dropout
    states: list[State]  # after the last step, one for each layer


class Stack(nn.Module):
    """A network of stacked recurrent layers; what is before and after them is its subclass's.

    Args:
        input_dropout, hidden_dropout, output_dropout: on what enters the first layer, between
            layers, and on what leaves the last.
        variational: one mask per sequence for those three (Gal & Ghahramani 2016); False draws a
            new one at every step (Zaremba et al. 2014).
        generator: initial weights and all dropouts are drawn from it.
    """

    layers: nn.ModuleList

    def __init__(
        self, *, input_dropout: float, hidden_dropout: float, output_dropout: float,
        variational: bool, generator: torch.Generator,
    ) -> None:  # fmt: skip
        super().__init__()
        check_rates(
            input_dropout=input_dropout, hidden_dropout=hidden_dropout,
            output_dropout=output_dropout,
        )  # fmt: skip
        self.input_dropout = input_dropout
        self.hidden_dropout = hidden_dropout
        self.output_dropout = output_dropout
        self.variational = variational
        self._generator = generator

    def make_layers(
        self, cells: Sequence[Architecture], widths: Sequence[int], **settings: Any
    ) -> list[RecurrentLayer]:
        """The layers, each from one of the widths to the next.

        settings: further arguments of RecurrentLayer.
        """
        made = [
            make_layer(cell, *sizes, generator=self._generator, **settings)
            for cell, sizes in zip(cells, pairwise(widths), strict=True)
        ]
        self.layers = nn.ModuleList(made)
        return made

    def read(self, x: Tensor, states: list[State] | None) -> Features:
        """What the layers make of x (T, B, ·), starting from `states` (None: zeros)."""
        x = self._drop(x, self.input_dropout)
        y, next_states = x, []
        for i, layer in enumerate(self.layers):
            y, state = layer(x, None if states is None else states[i])
            next_states.append(state)
            if i + 1 < len(self.layers):
                x = self._drop(y, self.hidden_dropout)
        return Features(self._drop(y, self.output_dropout), y, next_states)

    def _drop(self, x: Tensor, rate: float) -> Tensor:
        if not self.training:
            return x
        drop = variational_dropout if self.variational else dropout
        return drop(x, rate, self._generator)


def recurrent_layers(modules: Iterable[nn.Module]) -> list[RecurrentLayer]:
    """Those among them."""
    return [module for module in modules if isinstance(module, RecurrentLayer)]


def detach(states: list[State]) -> list[State]:
    """The same states cut from the graph that made them: where truncated BPTT stops."""
    return [{name: value.detach() for name, value in state.items()} for state in states]
