"""An exported model as a graph of torch.export, whose time loops have any number of steps, and that
as an ONNX file."""

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch._higher_order_ops.scan import scan  # the one form of a loop that keeps its length free
from torch.export import Dim, ExportedProgram
from torch.utils import _pytree as pytree

from archsearch.export.networks import Network, Tensors
from archsearch.export.networks.network import TRACED

_INSTALL = (
    "--to onnx: needs onnx, onnxscript and onnxruntime; install them by "
    "pip install 'archsearch[export]'"
)


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
    with warnings.catch_warnings():
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


def onnx_file(network: Network, program: ExportedProgram, outputs: Sequence[str]) -> bytes:
    """The content of the file.

    Raises:
        ModuleNotFoundError: onnx or onnxscript is not installed.
    """
    require_onnx()
    axes = network.axes()
    with warnings.catch_warnings(), _quiet():
        warnings.simplefilter("ignore")  # torch's, about itself
        made = torch.onnx.export(
            program,
            dynamo=True,
            input_names=list(axes),
            output_names=list(outputs),
            verbose=False,
        )
    assert made is not None
    model = made.model
    for graph in (model.graph, *(function.graph for function in model.functions.values())):
        for node in graph.all_nodes():
            node.metadata_props.clear()  # lines of source code, and the paths of their files
    proto = made.model_proto
    _name_axes(proto.graph, axes)
    content: bytes = proto.SerializeToString(deterministic=True)
    return content


def onnx_session(content: bytes) -> Callable[[Tensors], Tensors]:
    """Runs a file in onnxruntime."""
    require_onnx()
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors; it also tells which constants it leaves out
    providers = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(content, options, providers=providers)
    names = [output.name for output in session.get_outputs()]

    def run(inputs: Tensors) -> Tensors:
        values = session.run(None, {name: value.numpy() for name, value in inputs.items()})
        return {name: torch.from_numpy(v) for name, v in zip(names, values, strict=True)}

    return run


def _name_axes(graph: Any, axes: Mapping[str, Mapping[int, str]]) -> None:
    """Call the free axes "length" and "batch", which torch has numbered."""
    names = {
        value.type.tensor_type.shape.dim[axis].dim_param: name
        for value in graph.input
        for axis, name in axes[value.name].items()
    }
    for value in (*graph.input, *graph.output):
        for dimension in value.type.tensor_type.shape.dim:
            if dimension.dim_param in names:
                dimension.dim_param = names[dimension.dim_param]


def require_onnx() -> None:
    """Raise ValueError, with what to install, where a package is missing."""
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ModuleNotFoundError:
        raise ValueError(_INSTALL) from None


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without what torch's exporter says of packages that are not installed."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logger.setLevel(level)
