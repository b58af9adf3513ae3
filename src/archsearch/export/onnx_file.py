"""A graph of torch.export as an ONNX file."""

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch.export import ExportedProgram

from archsearch.export.networks import Network, Tensors

_INSTALL = (
    "--to onnx: needs onnx, onnxscript and onnxruntime; install them by "
    "pip install 'archsearch[export]'"
)


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
