"""The fastest backend that can run the input at hand."""

import functools
import warnings
from collections.abc import Mapping

from torch import Tensor

from archsearch.cell.step import Step
from archsearch.compiler.backends.backend import Backend, Bound, State, Weights
from archsearch.compiler.backends.cpu import CpuBackend
from archsearch.compiler.backends.plain import PlainBackend
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
            warn_once(str(reason))
            return self._plain
        return self._cpu


@functools.cache
def warn_once(reason: str) -> None:
    warnings.warn(
        "recurrent layers run as PyTorch operations, which takes 1.4 to 2 times as long as "
        f"compiled kernels: {reason}",
        RuntimeWarning,
        stacklevel=2,
    )
