"""The fastest backend that can run the input at hand."""

import functools
import warnings
from collections.abc import Mapping, Sequence

from torch import Tensor

from archsearch.cell.step import Step
from archsearch.compiler.backends.backend import Backend, Bound, State
from archsearch.compiler.backends.cpu import CpuBackend
from archsearch.compiler.backends.plain import PlainBackend
from archsearch.compiler.native import NoNativeCode


class AutoBackend(Backend):
    """Generated kernels where they can be had, else plain PyTorch: on other devices, for other
    dtypes, and, with one warning a process, where nothing can be compiled."""

    def __init__(self, cell: Step) -> None:
        self._cell = cell
        self._plain = PlainBackend(cell)
        self._cpu = CpuBackend(cell)

    def __reduce__(self) -> tuple[type["AutoBackend"], tuple[Step]]:
        return AutoBackend, (self._cell,)

    def run(
        self,
        x: Tensor,
        weights: Sequence[Tensor],
        biases: Sequence[Tensor],
        state: Mapping[str, Tensor],
        masks: Mapping[int, Tensor],
    ) -> tuple[Tensor, State]:
        return self._choose(x).run(x, weights, biases, state, masks)

    def bind(
        self,
        like: Tensor,
        weights: Sequence[Tensor],
        biases: Sequence[Tensor],
        masks: Mapping[int, Tensor],
    ) -> Bound:
        return self._choose(like).bind(like, weights, biases, masks)

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
