"""From an architecture to the layer of a network.

The shares of a heterogeneous layer (Rawal & Miikkulainen 2018, section A.4) become one
RecurrentLayer: their cells are one graph of a step with a hidden state for each share, which is
compiled like that of a single cell. One time loop runs them all, and every matrix over h_{t−1} sees
the hidden states of all shares.
"""

from typing import Any

from archsearch.architecture import Architecture, HeterogeneousLayer
from archsearch.cell import Cell
from archsearch.nn.recurrent import RecurrentLayer


def make_layer(
    architecture: Architecture, input_size: int, output_size: int, **settings: Any
) -> RecurrentLayer:
    """The layer of a cell, or a heterogeneous one: x (T, B, input_size) -> (T, B, output_size).

    settings: further arguments of RecurrentLayer.

    Raises:
        ValueError: an architecture of another kind, or shares that cannot be equal parts.
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
