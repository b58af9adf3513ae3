"""A network as one Python file that needs torch alone."""

import ast
import importlib.util
import inspect
import itertools
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from archsearch.export.networks import Network
from archsearch.export.parts import recurrent, weights
from archsearch.export.python_text import docstring
from archsearch.nn import convolutional_layers

# Where the code uses what stands before the bar, it needs the line behind it.
_IMPORTS = (
    (r"\bjson\.", "import json"),
    (r"\b(Callable|Iterable|Sequence)\b", "from collections.abc import {names}"),
    (r"\bPath\b", "from pathlib import Path"),
)
_TORCH_IMPORTS = (
    (r"\btorch\.", "import torch"),
    (r"\b(Tensor|nn)\b", "from torch import {names}"),
    (r"\bF\.", "from torch.nn import functional as F"),
)
_numbers = itertools.count()


def python_file(network: Network, about: str, weights_file: str | None) -> str:
    """The text of the file.

    about: what its docstring says first; free text.
    weights_file: the name of the file beside it from which `load` takes the weights; None: there
        is no `load`.
    """
    cells = [] if network.layers is None else network.layers.sources()
    rest = [*network.own_sources, _build(network)]
    if weights_file is not None:
        rest.append(_load(network, weights_file))
    blocks = [*cells, *_parts(network, [*cells, *rest]), *rest]
    body = "\n\n\n".join(block.rstrip("\n") for block in blocks)
    if network.layers is not None:
        body = f"State = dict[str, Tensor]\n\n\n{body}"
    head = [*docstring(_description(network, about, weights_file), 0), "", *_imports(body)]
    gap = "\n\n" if network.layers is not None else "\n\n\n"
    return "\n".join(head) + gap + body + "\n"


def loaded(path: Path) -> ModuleType:
    """The module of such a file, under a name of its own; tracing wants to import it by that."""
    spec = importlib.util.spec_from_file_location(f"_exported_{next(_numbers)}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    writes = sys.dont_write_bytecode
    sys.dont_write_bytecode = True  # nothing but the export lies beside the file
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = writes
    sys.modules[module.__name__] = module
    return module


def _description(network: Network, about: str, weights_file: str | None) -> str:
    beside = "" if weights_file is None else f" The weights are in {weights_file} beside it."
    make = "build" if weights_file is None else "load"
    usage = f"    model = {make}()\n    {network.usage}"
    return f"{about}\n\n{usage}\n\nThis file needs torch alone.{beside}\nShapes: {network.shapes}."


def _parts(network: Network, texts: Sequence[str]) -> list[str]:
    """The classes and functions that are written already and that the texts use, and those that
    these use in turn."""
    modules = [recurrent, convolutional_layers, weights]
    known = {
        name: inspect.getsource(value)
        for module in (*modules, *([network.part] if network.part else []))
        for name, value in vars(module).items()
        if inspect.isroutine(value) or inspect.isclass(value)
        if value.__module__.startswith(("archsearch.export.parts.", "archsearch.nn."))
    }
    used: set[str] = set()
    waiting = list(texts)
    while waiting:
        tree = ast.parse(waiting.pop())
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        found = (names & known.keys()) - used
        used |= found
        waiting += [known[name] for name in found]
    return [source for name, source in known.items() if name in used]


def _build(network: Network) -> str:
    result = "Layer" if network.part is None and network.layers is not None else "Model"
    return "\n".join(
        [
            f"def build() -> {result}:",
            '    """The network, its weights still to be loaded or trained."""',
            *network.build(),
        ]
    )


def _load(network: Network, weights_file: str) -> str:
    lines = [
        f'WEIGHTS = Path(__file__).with_name("{weights_file}")',
        "",
        "",
        "def load(path: Path = WEIGHTS) -> Model:",
        '    """The trained network, for evaluation."""',
        "    model = build()",
        "    weights = read_safetensors(path)",
    ]
    lines += [f'    weights["{a}"] = weights["{b}"]  # tied' for a, b in network.tied.items()]
    lines += ["    model.load_state_dict(weights)", "    return model.eval()"]
    return "\n".join(lines)


def _imports(body: str) -> list[str]:
    standard, torch = _used(_IMPORTS, body), _used(_TORCH_IMPORTS, body)
    return [*standard, *([""] if standard and torch else []), *torch]


def _used(imports: Sequence[tuple[str, str]], body: str) -> list[str]:
    lines = []
    for pattern, line in imports:
        found = sorted(set(re.findall(pattern, body)))
        if found:
            lines.append(line.format(names=", ".join(found)))
    return lines
