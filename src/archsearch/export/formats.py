"""What `--to` may ask for: each format as the content of its files, checked before it is given."""

import io
import json
import tempfile
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import torch
from safetensors.torch import save
from torch import nn

from archsearch.config import ConfigError
from archsearch.export import FORMAT_NAMES
from archsearch.export.check import check
from archsearch.export.graph import exported_graph, onnx_file, onnx_session, output_names
from archsearch.export.python_file import loaded, python_file
from archsearch.export.subject import Subject

MODULE, WEIGHTS, VOCABULARY = "model.py", "model.safetensors", "vocabulary.json"
DESCRIPTION, ONNX, PROGRAM = "model.json", "model.onnx", "model.pt2"


@dataclass(frozen=True, slots=True)
class Exported:
    """The files of a format by name, and the largest difference that its check found; None: there
    was nothing to compare."""

    files: dict[str, bytes]
    difference: float | None = None


def to_python(subject: Subject) -> Exported:
    """The module; with weights, and what the numbers of symbols mean, where it was trained."""
    files = _python_files(subject)
    model = _model(subject, files)[1]
    network = subject.network
    difference = check(network, lambda inputs: network.exported(model, inputs), MODULE)
    return Exported(files, difference)


def to_json(subject: Subject) -> Exported:
    """The description alone."""
    return Exported({DESCRIPTION: _json(subject.description)})


def to_torch_export(subject: Subject) -> Exported:
    """A program of torch.export, checked as it is read back."""
    _require_training(subject, "torch_export")
    network = subject.network
    module, model = _model(subject, _python_files(subject))
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's, about itself
        torch.export.save(exported_graph(network, module, model), buffer)
        program = torch.export.load(io.BytesIO(buffer.getvalue())).module()
    names = output_names(network)

    def run(inputs: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return dict(zip(names, program(*inputs.values()), strict=True))

    return Exported({PROGRAM: buffer.getvalue()}, check(network, run, PROGRAM))


def to_onnx(subject: Subject) -> Exported:
    """An ONNX graph, checked in onnxruntime."""
    _require_training(subject, "onnx")
    network = subject.network
    module, model = _model(subject, _python_files(subject))
    content = onnx_file(network, exported_graph(network, module, model), output_names(network))
    return Exported({ONNX: content}, check(network, onnx_session(content), ONNX))


_MAKERS = (to_python, to_json, to_onnx, to_torch_export)
FORMATS: dict[str, Callable[[Subject], Exported]] = dict(zip(FORMAT_NAMES, _MAKERS, strict=True))


def _python_files(subject: Subject) -> dict[str, bytes]:
    weights_file = WEIGHTS if subject.is_trained else None
    files = {MODULE: python_file(subject.network, subject.about, weights_file).encode()}
    if subject.is_trained:
        weights = {
            name: value.detach().contiguous() for name, value in subject.network.weights().items()
        }
        files[WEIGHTS] = save(weights, metadata={"cell": str(subject.architecture)})
        if subject.vocabulary is not None:
            files[VOCABULARY] = _json(subject.vocabulary)
    return files


def _model(subject: Subject, files: Mapping[str, bytes]) -> tuple[ModuleType, nn.Module]:
    """The generated module, and its model with the network's weights."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        module = loaded(Path(folder) / MODULE)
        if subject.is_trained:
            return module, module.load()
    model: nn.Module = module.build()
    model.load_state_dict(subject.network.weights())
    return module, model.eval()


def _require_training(subject: Subject, name: str) -> None:
    if not subject.is_trained:
        raise ConfigError(
            f"--to {name}: {subject.folder} is a search without weights of its best cell; train "
            f"that, then export the training: python -m archsearch.train cell={subject.folder}"
        )


def _json(data: object) -> bytes:
    return (json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
