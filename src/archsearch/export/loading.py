"""Generated Python files as modules."""

import importlib.util
import itertools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

_numbers = itertools.count()


def loaded(path: Path) -> ModuleType:
    """The module of a file, under a name of its own, by which nothing can import it."""
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
    return module


@contextmanager
def importable(module: ModuleType) -> Iterator[None]:
    """Inside, its name can be imported, as tracing wants."""
    sys.modules[module.__name__] = module
    try:
        yield
    finally:
        del sys.modules[module.__name__]
