"""What runs a compiled cell. Backends have names, so that a configuration can choose one."""

import functools
import warnings
from collections.abc import Callable, Mapping

from torch import Tensor

from archsearch.cell.step import Step
from archsearch.compiler.backends.backend import Backend, Bound, State, Weights
from archsearch.compiler.backends.cpu.backend import CpuBackend
from archsearch.compiler.backends.plain import PlainBackend
from archsearch.compiler.backends.reference import ReferenceBackend
from archsearch.native import NoNativeCode


class AutoBackend(Backend):
    """Generated kernels where they can be had, else plain PyTorch: on other devices, for other
    dtypes, and, with one warning a process, where nothing can be compiled."""

    def __init__(self, cell: Step) -> None:
        super().__init__(cell)
        self._plain = PlainBackend(cell)
        self._cpu = CpuBackend(cell)

    def run(self, x: Tensor, weights: Weights, state: Mapping[str, Tensor]) -> tuple[Tensor, State]:
        return self._choose(x).run(x, weights, state)

    def bind(self, like: Tensor, weights: Weights) -> Bound:
        return self._choose(like).bind(like, weights)

    def _choose(self, x: Tensor) -> Backend:
        if not self._cpu.supports(x):
            return self._plain
        try:
            self._cpu.prepare(x)
        except NoNativeCode as reason:
            _warn_once(str(reason))
            return self._plain
        return self._cpu


@functools.cache
def _warn_once(reason: str) -> None:
    warnings.warn(
        "recurrent layers run as PyTorch operations, which takes 1.4 to 2 times as long as "
        f"compiled kernels: {reason}",
        RuntimeWarning,
        stacklevel=2,
    )


AUTO = "auto"
BACKENDS: dict[str, Callable[[Step], Backend]] = {
    AUTO: AutoBackend,
    "cpu": CpuBackend,
    "plain": PlainBackend,
    "reference": ReferenceBackend,
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
    "ReferenceBackend",
    "State",
    "Weights",
    "make_backend",
]
