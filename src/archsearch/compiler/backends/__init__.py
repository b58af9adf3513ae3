"""What runs a compiled cell. Backends have names, so that a configuration can choose one."""

from collections.abc import Callable

from archsearch.cell.cell import Cell
from archsearch.compiler.backends.backend import Backend, State
from archsearch.compiler.backends.plain import PlainBackend
from archsearch.compiler.backends.reference import ReferenceBackend

BACKENDS: dict[str, Callable[[Cell], Backend]] = {
    "plain": PlainBackend,
    "reference": ReferenceBackend,
}
AUTO = "auto"


def make_backend(name: str, cell: Cell) -> Backend:
    """The backend of that name for a cell; "auto" takes the fastest that this machine can run."""
    if name == AUTO:
        name = "plain"
    if name not in BACKENDS:
        known = ", ".join(f'"{known}"' for known in (AUTO, *BACKENDS))
        raise ValueError(f'no backend "{name}"; expected one of {known}')
    return BACKENDS[name](cell)


__all__ = [
    "AUTO",
    "BACKENDS",
    "Backend",
    "PlainBackend",
    "ReferenceBackend",
    "State",
    "make_backend",
]
