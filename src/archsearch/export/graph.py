"""An exported model as a graph of torch.export, whose time loops have any number of steps."""

import warnings
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch._higher_order_ops.scan import scan  # the one form of a loop that keeps its length free
from torch.export import Dim, ExportedProgram
from torch.utils import _pytree as pytree

from archsearch.export.loading import importable
from archsearch.export.networks import Network, Tensors
from archsearch.export.networks.network import TRACED


def exported_graph(network: Network, module: ModuleType, model: nn.Module) -> ExportedProgram:
    """The graph of `model`, which is of the generated module of this network.

    Its inputs and outputs are named as those of `Network.inputs` and `Network.trained`; the axes
    of `Network.axes` are free.
    """
    inputs = network.inputs(*TRACED, torch.Generator().manual_seed(0))
    axes = network.axes()
    free = tuple(dict.fromkeys(axes[name], Dim.DYNAMIC) for name in inputs)
    if network.layers is not None:
        module.over_time = _scanned  # type: ignore[attr-defined]
    flat = _Flat(network, model.requires_grad_(False), tuple(inputs))
    with warnings.catch_warnings(), importable(module):
        warnings.simplefilter("ignore")  # torch's, about itself
        program = torch.export.export(flat, tuple(inputs.values()), dynamic_shapes=(free,))
    for part in program.graph_module.modules():
        if isinstance(part, torch.fx.GraphModule):
            _forget_where_from(part)
    return program


def output_names(network: Network) -> list[str]:
    """Those of the graph, in its order."""
    inputs = network.inputs(*TRACED, torch.Generator().manual_seed(0))
    with torch.no_grad():
        return list(network.trained(inputs))


class _Flat(nn.Module):
    """The model with tensors alone as inputs and outputs."""

    def __init__(self, network: Network, model: nn.Module, names: tuple[str, ...]) -> None:
        super().__init__()
        self.model = model
        self._network, self._names = network, names

    def forward(self, *values: Tensor) -> tuple[Tensor, ...]:
        inputs = dict(zip(self._names, values, strict=True))
        return tuple(self._network.exported(self.model, inputs).values())


def _scanned(step: Any, x: Tensor, state: Tensors) -> tuple[Tensor, Tensors]:
    """`over_time` as one operation. It wants all that goes in and out to be tensors of its own."""

    def one(state: Tensors, x_t: Tensor) -> tuple[Tensors, Tensor]:
        y_t, after = step(x_t, state)
        return {name: after[name].clone() for name in state}, y_t.clone()

    after, y = scan(one, pytree.tree_map(torch.clone, state), x)
    return y, after


def _forget_where_from(part: torch.fx.GraphModule) -> None:
    """Drop the lines of source code, and the paths of their files, that tracing has noted."""
    for node in part.graph.nodes:
        for key in ("stack_trace", "source_fn_stack", "nn_module_stack", "torch_fn"):
            node.meta.pop(key, None)
