"""What runs a compiled cell. Backends have names, so that a configuration can choose one."""

from collections.abc import Callable

from archsearch.cell.step import Step
from archsearch.compiler.backends.auto import AutoBackend
from archsearch.compiler.backends.backend import Backend, Bound, State, Weights
from archsearch.compiler.backends.cpu import CpuBackend
from archsearch.compiler.backends.plain import PlainBackend

AUTO = "auto"
BACKENDS: dict[str, Callable[[Step], Backend]] = {
    AUTO: AutoBackend,
    "cpu": CpuBackend,
    "plain": PlainBackend,
}


def make_backend(name: str, cell: Step) -> Backend:
    """The backend of that name for a cell; "auto" takes the fastest that this machine can run."""
    if name not in BACKENDS:
        known = ", ".join(f'"{known}"' for known in BACKENDS)
        raise ValueError(f'no backend "{name}"; expected one of {known}')
    return BACKENDS[name](cell)


__all__ = [
    "AUTO",
    "BACKENDS",
    "AutoBackend",
    "Backend",
    "Bound",
    "CpuBackend",
    "PlainBackend",
    "State",
    "Weights",
    "make_backend",
]
